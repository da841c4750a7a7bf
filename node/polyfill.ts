/** `Promise.withResolvers` for Node 20, which libp2p calls. Every entry point and test that uses libp2p imports this first. */

interface Resolvers<T> {
  promise: Promise<T>;
  resolve: (value: T | PromiseLike<T>) => void;
  reject: (reason?: unknown) => void;
}

(Promise as { withResolvers?: <T>() => Resolvers<T> }).withResolvers ??= <T>() => {
  const resolvers = {} as Resolvers<T>;
  resolvers.promise = new Promise<T>((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers;
};
