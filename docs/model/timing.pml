/*
 * Bounds on a proposal's time against view timeouts [CKP-3] [BFT-7], docs/spec/checkpoint.md and pbft.md.
 * Decides: once the network is calm some view is accepted, whatever happened before. Each run must end: a cycle, which
 * spin looks for, is a network in which each leader's time is refused for ever.
 *
 * q = N - F honest seats live, the others are silent or worse. Before the calm anything: any view, any time of the
 * header before, a value prepared any time ago. From then on a view ends by its timer, or is the last. In each view the
 * clocks of honest seats may stand anywhere within SKEW of real time's now, and a proposal is judged up to DELAY after it was
 * made. One unit of time is the unit of all.
 */

#ifndef N
#define N 4
#endif
#define F ((N - 1) / 3)
#define HONEST (N - F)

#ifndef SKEW
#define SKEW 2
#endif
#define AHEAD 2
#define BEHIND 1
#define DELAY 6
#define TIMEOUT 1
#define TIMEOUT_MAX 8
/* Views after which neither window nor timeout grows, and the age beyond which values look alike. */
#define GROWS_TO 3
#define AGE_MAX 20

#define NONE 255
#define LESS(a, b) ((a) < (b) -> (a) : (b))
#ifdef WINDOW_FIXED
#define WINDOW BEHIND
#else
#define WINDOW (BEHIND << LESS(view, GROWS_TO))
#endif
#define PATIENCE LESS(TIMEOUT << LESS(view, GROWS_TO), TIMEOUT_MAX)
