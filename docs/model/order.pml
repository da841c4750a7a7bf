/*
 * Which vertices are open, and what happens to them, under pruning, author forks and arrival orders [VTX-2] [ORD-1],
 * docs/spec/dag.md. Decides: an archive and a node that keeps the outcome lists of the last WINDOW checkpoints only call
 * the same vertices open at the same height; no vertex has two outcomes; and what stands on a vertex that lost can be
 * completed by everybody.
 *
 * X forks its chain: x2 and y2 both stand on x1, y3 on y2. An honest author writes z1 on y2. Each vertex cites any checkpoint not older than its ancestors'. A node proposes any set of vertices
 * that are open there, ancestors first, one for each checkpoint: whatever the stamps, that covers every order.
 */

#ifndef TOP
#define TOP 4
#endif
#ifndef WINDOW
#define WINDOW 1
#endif

#define X1 0
#define X2 1
#define Y2 2
#define Y3 3
#define Z1 4
#define VERTICES 5
#define NEVER 15

#define NODES 2
#define ARCHIVE 0
#define PRUNED 1

/* Sequences, and the one open ancestor of each: y2 is the fork of x2. */
#define SEQUENCE(v) ((v) == X1 -> 1 : ((v) == X2 || (v) == Y2 -> 2 : ((v) == Y3 -> 3 : 1)))
#define BELOW(v) ((v) == X1 -> NEVER : ((v) == X2 || (v) == Y2 -> X1 : Y2))
#define BY_X(v) ((v) != Z1)

bool ready;
byte cites[VERTICES];
/* Height of the checkpoint whose list names the vertex. */
byte confirmed[VERTICES] = NEVER;

/* Certified state after each height, by author: [lastSequence, lastId, topSequence]. X's last vertex, or NEVER. */
byte frontier;
byte lastX[TOP + 1] = NEVER;
byte topX[TOP + 1];
byte topZ[TOP + 1];

byte height[NODES];
/* Vertices in a node's store: open, settled and not pruned, or buried. */
bool holds[NODES * VERTICES];
#define HOLDS(node, v) holds[(node) * VERTICES + (v)]

#define LAST_SEQUENCE(h) (lastX[h] == NEVER -> 0 : SEQUENCE(lastX[h]))
#ifdef BY_LAST_SEQUENCE
#define REACHED_SEQUENCE(v, h) (BY_X(v) -> LAST_SEQUENCE(h) : topZ[h])
#else
#define REACHED_SEQUENCE(v, h) (BY_X(v) -> topX[h] : topZ[h])
#endif

/* Named by one of the lists that the node still has. */
#ifdef FORGETS_EARLY
#define KEPT (WINDOW - 1)
#else
#define KEPT WINDOW
#endif
#define SETTLED(node, v) \
  (confirmed[v] <= height[node] && (node == ARCHIVE || confirmed[v] + KEPT > height[node]))
/* Settled or dead beyond the window. */
#define BEYOND(node, v) \
  (cites[v] + WINDOW < height[node] && SEQUENCE(v) <= REACHED_SEQUENCE(v, height[node]))
#define OPEN(node, v) (HOLDS(node, v) && !SETTLED(node, v) && !BEYOND(node, v))

/* Whether the chain goes on with it: else it is a fork, which raises the top only [VTX-2]. */
#define CONTINUES(v) \
  (lastX[frontier - 1] == NEVER -> (v) == X1 : BELOW(v) == lastX[frontier - 1])
#define GREATER(a, b) ((a) > (b) -> (a) : (b))

#define SAME(v) (!HOLDS(0, v) || !HOLDS(1, v) || OPEN(0, v) == OPEN(1, v))
/* Somebody can give what stands below an open vertex. */
#define SERVED(v) \
  (!(OPEN(0, v) || OPEN(1, v)) || BELOW(v) == NEVER || HOLDS(0, BELOW(v)) || HOLDS(1, BELOW(v)))
#define AGREED \
  assert(height[0] != height[1] || (SAME(X1) && SAME(X2) && SAME(Y2) && SAME(Y3) && SAME(Z1))); \
  assert(SERVED(X2) && SERVED(Y2) && SERVED(Y3) && SERVED(Z1))

#define me _pid

/* Comes from its author or from the other node, once what it stands on is here; buried at once if it is dead. */
#define RECEIVE(v) \
  :: d_step { ready && !HOLDS(me, v) && cites[v] <= height[me] && \
              (BELOW(v) == NEVER || HOLDS(me, BELOW(v)) || BEYOND(me, v)) -> HOLDS(me, v) = true; BURY(v) AGREED }

#ifdef DEAD_DROPPED
#define BURY(v) \
  if :: HOLDS(me, v) && confirmed[v] > height[me] && BEYOND(me, v) -> HOLDS(me, v) = false :: else fi;
#else
#define BURY(v)
#endif

/* One checkpoint with one vertex; what it stands on is taken, settled or dead. */
#define PROPOSE(v) \
  :: d_step { ready && frontier < TOP && height[me] == frontier && OPEN(me, v) && \
              (BELOW(v) == NEVER || !OPEN(me, BELOW(v))) -> \
       assert(confirmed[v] == NEVER); \
       assert(height[1 - me] != frontier || !HOLDS(1 - me, v) || OPEN(1 - me, v)); \
       frontier++; confirmed[v] = frontier; \
       lastX[frontier] = (BY_X(v) && CONTINUES(v) -> (v) : lastX[frontier - 1]); \
       topX[frontier] = (BY_X(v) -> GREATER(topX[frontier - 1], SEQUENCE(v)) : topX[frontier - 1]); \
       topZ[frontier] = (BY_X(v) -> topZ[frontier - 1] : SEQUENCE(v)); \
       REACHED(v) }

/* The next checkpoint is executed once its vertices are here, and all are open: own execution gives the same. */
#define CONFIRMS(v) (confirmed[v] == height[me] + 1)
#define READY(v) (!CONFIRMS(v) || HOLDS(me, v))
#define OPEN_YET(v) assert(!CONFIRMS(v) || OPEN(me, v));

/* Pruning: what settled before the window may go, where the archive has it. */
#define PRUNE(v) \
  :: d_step { me == PRUNED && HOLDS(me, v) && confirmed[v] + KEPT <= height[me] && HOLDS(ARCHIVE, v) -> \
       HOLDS(me, v) = false; AGREED }

#if REACH == 1
/* Confirmed although its chain had moved on without it: a fork with an outcome. */
#define REACHED(v) assert(!((v) == Y3 && lastX[frontier] == X2))
#elif REACH == 2
/* What stands on a dead vertex is confirmed. */
#define REACHED(v) assert(!((v) == Z1 && confirmed[Y2] == NEVER))
#else
#define REACHED(v) skip
#endif

active [NODES] proctype node() {
end:
  do
  RECEIVE(X1) RECEIVE(X2) RECEIVE(Y2) RECEIVE(Y3) RECEIVE(Z1)
  PROPOSE(X1) PROPOSE(X2) PROPOSE(Y2) PROPOSE(Y3) PROPOSE(Z1)
  PRUNE(X1) PRUNE(X2) PRUNE(Y2) PRUNE(Y3) PRUNE(Z1)
  :: d_step { height[me] < frontier && READY(X1) && READY(X2) && READY(Y2) && READY(Y3) && READY(Z1) ->
       OPEN_YET(X1) OPEN_YET(X2) OPEN_YET(Y2) OPEN_YET(Y3) OPEN_YET(Z1)
       height[me]++;
       BURY(X1) BURY(X2) BURY(Y2) BURY(Y3) BURY(Z1)
       AGREED
     }
  :: d_step { ready && frontier < TOP && height[me] == frontier ->
       frontier++; lastX[frontier] = lastX[frontier - 1]; topX[frontier] = topX[frontier - 1];
       topZ[frontier] = topZ[frontier - 1] }
  od
}

/* What the authors will cite. */
active proctype authors() {
  byte cited = 0;
  atomic {
    select(cited : 0 .. 2); cites[X2] = cited;
    select(cited : 0 .. 2); cites[Y2] = cited;
    select(cited : cites[Y2] .. 2); cites[Y3] = cited;
    select(cited : cites[Y2] .. TOP - 1); cites[Z1] = cited;
    cited = 0;
    ready = true
  }
}
