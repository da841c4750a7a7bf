/** How the report looks: light and dark, on a phone and on paper; nothing is loaded. */

export const css = `
:root{color-scheme:light dark;--paper:#fcfbf8;--ink:#22262b;--soft:#5b626a;--line:#e0ddd5;--panel:#f4f2ec;
--a:#2a6592;--b:#b0561a;--ok:#5d8fb5;--stuck:#a86f00;--split:#b3311c;--broken:#83398a;--on:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#15181b;--ink:#e3e5e2;--soft:#9ba4ab;--line:#30363b;--panel:#1d2125;
--a:#82b6dc;--b:#e8a068;--ok:#4f81a6;--stuck:#e3ad3f;--split:#f08a76;--broken:#d59adb;--on:#15181b}}
*{box-sizing:border-box}
html{font:16px/1.55 ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;
-webkit-text-size-adjust:100%;text-size-adjust:100%;background:var(--paper);color:var(--ink)}
body{margin:0}
main{max-width:62rem;margin:0 auto;padding:3rem 1.25rem 5rem}
h1,h2,h3{font-family:'Iowan Old Style','Palatino Linotype',Palatino,'Book Antiqua',Georgia,serif;font-weight:600;line-height:1.2;text-wrap:balance}
h1{font-size:2.5rem;margin:.2rem 0 .8rem;letter-spacing:-.01em}
h2{font-size:1.45rem;margin:0 0 1rem}
h3{font-size:1.15rem;margin:0 0 .6rem}
section{margin-top:3.25rem}
.over{margin:0;color:var(--soft);font-size:.95rem}
.lead{max-width:44rem;margin:0;font-size:1.1rem;color:var(--soft)}
.note{max-width:44rem;margin:.7rem 0 0;color:var(--soft);font-size:.875rem}
.unit{color:var(--soft);font-size:.875rem;font-weight:400}
code{font:.85em/1.5 ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}
p code,td code{overflow-wrap:anywhere;color:var(--soft)}
code.hash{white-space:nowrap}
code span{display:inline-block}
.command{margin:.75rem 0;padding:.7rem .9rem;background:var(--panel);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;min-width:min(100%,30rem)}
caption{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
th,td{padding:.4rem .9rem .4rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{color:var(--soft);font-weight:500;font-size:.82rem;line-height:1.3;vertical-align:bottom}
tbody th,tfoot th{font-weight:500}
tfoot td,tfoot th{border-bottom:0;font-weight:600}
.n{text-align:right;white-space:nowrap}
thead .n{white-space:normal;max-width:6.5rem}
.prose{min-width:20rem;overflow-wrap:anywhere}
.share{min-width:9rem;white-space:nowrap}
.bar{display:inline-block;height:.6em;background:var(--ok);border-radius:2px;min-width:1px}
.wide{overflow-x:auto}
.strip+.wide{margin-top:1.5rem}
.wide:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--a);outline-offset:2px}
.conditions th{color:var(--soft);font-weight:500;white-space:nowrap}
.conditions td{overflow-wrap:anywhere}
.key{display:flex;flex-wrap:wrap;gap:.35rem 1.4rem;list-style:none;margin:0 0 1rem;padding:0;font-size:.9rem}
.strip{display:flex;flex-wrap:wrap;gap:.5rem .9rem}
.group{display:grid;grid-template-columns:repeat(10,12px);gap:3px}
.group small{grid-column:1/-1;color:var(--soft);font-size:.68rem;line-height:1;font-variant-numeric:tabular-nums}
.group i,.group a,.key i{display:inline-block;width:12px;height:14px;border-radius:2px;background:var(--ok);color:var(--on);
font:700 10px/14px ui-sans-serif,system-ui,sans-serif;text-align:center;text-decoration:none;overflow:hidden;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.key i{vertical-align:-2px;margin-right:.25rem}
.many .group{grid-template-columns:repeat(25,6px);gap:1px}
.many .group i,.many .group a{width:6px;height:8px;font-size:7px;line-height:8px;border-radius:1px}
.group .stuck,.key .stuck{background:var(--stuck)}
.group .split,.key .split{background:var(--split)}
.group .broken,.key .broken{background:var(--broken)}
.chip{white-space:nowrap;font-weight:600;font-size:.9rem;font-family:ui-sans-serif,system-ui,sans-serif}
.chip.ok{color:var(--a)}.chip.stuck{color:var(--stuck)}.chip.split{color:var(--split)}.chip.broken{color:var(--broken)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:1.5rem 1.5rem;margin:0}
.tiles dt{font-size:.875rem;color:var(--soft)}
.tiles dd{margin:0;font-size:1.6rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tiles .unit{font-size:.875rem}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));gap:2rem 2.25rem}
figure{margin:0;break-inside:avoid;max-width:34rem}
figcaption{margin-bottom:.4rem;line-height:1.35}
.legend{display:block;font-size:.82rem;color:var(--soft)}
.legend>span{margin-right:1.1rem}
figure svg{display:block;width:100%;height:auto;overflow:visible}
figure .swatch{display:inline-block;width:22px;height:8px;margin-right:.4rem;vertical-align:2px}
svg text{font:12px ui-sans-serif,system-ui,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
.grid line,.rail{stroke:var(--line)}
.axis line{stroke:var(--soft);stroke-opacity:.55}
.calm{stroke:var(--soft);stroke-dasharray:1 3}
.line{fill:none;stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round}
.line.s0{stroke:var(--a)}.line.s1{stroke:var(--b);stroke-dasharray:5 3.5}
.dot.s0{fill:var(--a)}.dot.s1{fill:var(--b)}
.band{stroke:none;fill-opacity:.16}.band.s0{fill:var(--a)}.band.s1{fill:var(--b)}
.fault{fill:var(--b)}
details{margin-top:1rem}
summary{cursor:pointer;font-weight:500}
.seed{margin-top:2.25rem;padding-top:1.5rem;border-top:1px solid var(--line)}
.seed>p{overflow-wrap:anywhere;max-width:52rem}
.filter{display:block;margin:.6rem 0;font-size:.9rem;color:var(--soft)}
.trace{max-height:30rem;overflow:auto;display:flex;flex-direction:column-reverse;margin-top:.5rem;border:1px solid var(--line);border-radius:6px}
.trace table{width:100%;font-size:.82rem}
.trace th,.trace td{padding:.16rem .7rem;border-bottom:0}
.trace td:nth-child(3){white-space:nowrap}
.trace td:nth-child(4){min-width:16rem;overflow-wrap:anywhere}
.trace thead th{position:sticky;top:0;background:var(--paper);border-bottom:1px solid var(--line)}
.quiet td{color:var(--soft)}
.fell td:nth-child(n+3){color:var(--b);font-weight:600}
.found td{background:var(--panel);font-weight:600;border-top:2px solid var(--split)}
.seed:has(.filter input:checked) .quiet{display:none}
@media (max-width:34rem){main{padding-top:1.75rem}h1{font-size:1.95rem}section{margin-top:2.5rem}
.tiles{grid-template-columns:1fr 1fr;gap:1.1rem 1rem}.tiles dd{font-size:1.3rem}
#failures thead{display:none}#failures tr{display:grid;grid-template-columns:auto 1fr auto;column-gap:.9rem;padding:.6rem 0;border-bottom:1px solid var(--line)}
#failures th,#failures td{border:0;padding:0}#failures .prose{grid-column:1/-1;min-width:0;margin-top:.4rem}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--line:#ccc;--panel:#f4f4f4;--a:#2a6592;--b:#b0561a;--ok:#5d8fb5;
--stuck:#a86f00;--split:#b3311c;--broken:#83398a;--on:#fff}
html{font-size:10.5pt}main{max-width:none;padding:0}.trace{max-height:none;border:0;display:block}.wide{overflow:visible}
.filter,.quiet{display:none}.seed summary::after{content:', on paper without gossip, tips, vertices and timers';font-weight:400}tr,.tiles{break-inside:avoid}h2,h3{break-after:avoid}.band,.fault,.bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
