import type { Metrics } from "@libp2p/interface";

/**
 * Returns metrics that register every counter group once, however often it is requested: this
 * transport and the listener's would both register those of `@libp2p/tcp`.
 *
 * @param metrics The metrics to register with.
 * @returns Metrics that remember the counter groups made through them.
 */
export function sharedCounters(metrics: Metrics): Metrics {
  const groups = new Map<string, unknown>();
  const registerCounterGroup = (name: string, ...rest: unknown[]) => {
    if (!groups.has(name)) {
      groups.set(name, Reflect.apply(metrics.registerCounterGroup, metrics, [name, ...rest]));
    }
    return groups.get(name);
  };
  return new Proxy(metrics, {
    get(target, key) {
      if (key === "registerCounterGroup") return registerCounterGroup;
      const value = Reflect.get(target, key, target);
      // Methods may use private fields, which only exist on the original object.
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
