/** Carries out a schedule of faults on a world, and puts everything right at the end. docs/spec/simulator.md. */

import { Disk } from '../disk.ts';
import type { FaultSpan } from '../run-result.ts';
import { calm } from '../virtual-time.ts';
import type { SimulatedNode, World } from '../world.ts';
import type { ScheduledFault } from './schedule.ts';

export interface InjectorHooks {
  /** A node is up again; `backupAtMs`: on what its store held then, ms since the start. */
  onStart(node: SimulatedNode, backupAtMs: number | undefined): Promise<void>;
  /** A node did not come up on what its store holds. */
  onFailedStart(node: SimulatedNode, error: Error): void;
}

export class FaultInjector {
  /** Faults that really befell somebody, by kind. */
  readonly counts: Record<string, number> = {};
  readonly spans: FaultSpan[] = [];
  readonly #world: World;
  readonly #hooks: InjectorHooks;
  readonly #startMs: number;
  /** How many faults cut each link, or mute each direction, now. */
  readonly #cuts = new Map<string, number>();
  readonly #mutes = new Map<string, number>();
  /** Nodes that a fault has taken down, and what has to be over before they can start. */
  readonly #down = new Map<SimulatedNode, Promise<void>>();
  /** Nodes that came back without their vote log, and did not speak again when last looked at. */
  readonly #restored = new Set<SimulatedNode>();

  constructor(world: World, hooks: InjectorHooks) {
    this.#world = world;
    this.#hooks = hooks;
    this.#startMs = world.time.now();
  }

  schedule(faults: readonly ScheduledFault[]): void {
    for (const fault of faults) {
      this.#world.time.at(this.#startMs + fault.atMs, () => {
        const undo = this.#begin(fault);
        if (undo === undefined) return calm;
        const { kind, atMs, untilMs } = fault;
        this.counts[kind] = (this.counts[kind] ?? 0) + 1;
        this.spans.push({ kind, atMs, untilMs, what: this.#tell(fault) });
        this.#world.trace.note('faults', JSON.stringify(fault), () => this.#tell(fault));
        this.#world.time.at(this.#startMs + fault.untilMs, () => {
          this.#world.trace.note('faults', `${fault.kind} over`);
          undo();
        });
        return undefined;
      });
    }
  }

  /** Everybody up, every link whole, every clock right. */
  async endAll(): Promise<void> {
    const { network, nodes } = this.#world;
    this.#cuts.clear();
    this.#mutes.clear();
    network.heal();
    for (const node of nodes) {
      node.clock.setRight();
      if (node.store instanceof Disk) node.store.onNextWrite = undefined;
    }
    await Promise.all([...this.#down.keys()].map((node) => this.#raise(node, undefined)));
  }

  /** How to end it, or nothing when it cannot happen now. */
  #begin(fault: ScheduledFault): (() => void) | undefined {
    switch (fault.kind) {
      case 'crash':
        return this.#takeDown(fault.node, (node) => this.#world.kill(node, fault.power ? 'power' : 'kill'));
      case 'torn-write':
        return this.#tearNextWrite(fault.node);
      case 'partition': {
        const right = this.#world.nodes
          .map(({ number }) => number)
          .filter((node) => !fault.left.includes(node));
        return this.#onPairs(fault.left, right, (a, b, on) => this.#cut(a, b, on));
      }
      case 'asymmetric':
        return this.#onPairs(fault.from, fault.to, (a, b, on) => this.#mute(a, b, on));
      case 'churn': {
        if (fault.other !== undefined)
          return this.#onPairs([fault.node], [fault.other], (a, b, on) => this.#cut(a, b, on));
        return this.#takeDown(fault.node, (node) => this.#world.stop(node));
      }
      case 'clock-drift': {
        const { clock } = this.#node(fault.node);
        clock.jump(fault.offsetMs);
        clock.drift(fault.ppm);
        return () => clock.setRight();
      }
      case 'clock-jump': {
        const { clock } = this.#node(fault.node);
        clock.jump(fault.byMs);
        return () => clock.jump(-fault.byMs);
      }
      case 'restored-backup':
        if (!this.#isBorne(this.#node(fault.node))) return undefined;
        return this.#takeDown(
          fault.node,
          (node) => {
            this.#world.kill(node);
            this.#restored.add(node);
            if (node.store instanceof Disk) node.store.restoreBackup(this.#startMs + fault.backupAtMs);
          },
          fault.backupAtMs,
        );
    }
  }

  /** A seat without its log counts as faulty until it speaks again `[BFT-1]`: a committee bears f of them. */
  #isBorne(node: SimulatedNode): boolean {
    const { seatOf, faults } = this.#world.genesis.committee;
    if (!seatOf.has(node.key)) return true;
    for (const other of this.#restored)
      if (other.runner !== undefined && other.runner.replica.silence === undefined)
        this.#restored.delete(other);
    const faulty = this.#world.nodes.filter(
      (other) =>
        other !== node &&
        seatOf.has(other.key) &&
        (other.masquerade !== undefined || this.#restored.has(other)),
    );
    return faulty.length < faults;
  }

  #takeDown(
    number: number,
    how: (node: SimulatedNode) => void | Promise<void>,
    backupAtMs?: number,
  ): (() => void) | undefined {
    const node = this.#node(number);
    if (node.runner === undefined) return undefined;
    this.#down.set(node, Promise.resolve(how(node)));
    return () => void this.#raise(node, backupAtMs);
  }

  #tearNextWrite(number: number): (() => void) | undefined {
    const node = this.#node(number);
    const { store } = node;
    if (node.runner === undefined || !(store instanceof Disk)) return undefined;
    store.onNextWrite = () => {
      this.#world.trace.note(node.name, 'the power fails amid a write');
      this.#down.set(node, Promise.resolve());
      this.#world.kill(node, 'power');
    };
    return () => {
      store.onNextWrite = undefined;
      void this.#raise(node, undefined);
    };
  }

  async #raise(node: SimulatedNode, backupAtMs: number | undefined): Promise<void> {
    const stopped = this.#down.get(node);
    if (stopped === undefined) return;
    this.#down.delete(node);
    try {
      await stopped;
      if (node.halted !== undefined) return;
      await this.#world.start(node);
      await this.#hooks.onStart(node, backupAtMs);
    } catch (error) {
      this.#hooks.onFailedStart(node, error as Error);
    }
  }

  #onPairs(
    left: readonly number[],
    right: readonly number[],
    set: (a: SimulatedNode, b: SimulatedNode, on: boolean) => void,
  ): () => void {
    const all = (on: boolean) => {
      for (const a of left) for (const b of right) set(this.#node(a), this.#node(b), on);
    };
    all(true);
    return () => all(false);
  }

  #cut(a: SimulatedNode, b: SimulatedNode, on: boolean): void {
    const name = a.number < b.number ? `${a.number}/${b.number}` : `${b.number}/${a.number}`;
    if (turns(this.#cuts, name, on)) this.#world.network.cut(a.key, b.key, on);
  }

  #mute(from: SimulatedNode, to: SimulatedNode, on: boolean): void {
    if (turns(this.#mutes, `${from.number}>${to.number}`, on)) this.#world.network.mute(from.key, to.key, on);
  }

  #node(number: number): SimulatedNode {
    return this.#world.nodes[number]!;
  }

  #tell(fault: ScheduledFault): string {
    const name = (number: number) => this.#node(number).name;
    const names = (numbers: readonly number[]) => `{${numbers.map(name).join(', ')}}`;
    switch (fault.kind) {
      case 'partition':
        return `partition ${names(fault.left)} | everybody else`;
      case 'asymmetric':
        return `${names(fault.from)} not heard by ${names(fault.to)}`;
      case 'churn':
        return fault.other === undefined
          ? `${name(fault.node)} leaves`
          : `link ${names([fault.node, fault.other])} drops`;
      case 'crash':
        return `${fault.power ? 'power failure' : 'kill'} of ${name(fault.node)}`;
      default:
        return `${fault.kind} ${name(fault.node)}`;
    }
  }
}

/** Counts one more or one less; true when that turns the thing on or off. */
function turns(counts: Map<string, number>, name: string, on: boolean): boolean {
  const before = counts.get(name) ?? 0;
  const after = Math.max(0, before + (on ? 1 : -1));
  counts.set(name, after);
  return (before === 0) !== (after === 0);
}
