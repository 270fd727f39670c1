import { systemDialer } from "../../../mod.ts";
import type { Benchmark } from "../benchmark.ts";
import { type BenchClient, dialerClient } from "../dialer_client.ts";
import { rawClient } from "../raw_client.ts";

const goals: Record<string, number> = { read: 1.11, write: 1.11, dial: 1.15 };

/**
 * Against each runtime's fastest raw way, which sets the same socket options: no-delay, keep-alive,
 * half-open.
 */
export const benchmark: Benchmark = {
  options: { rounds: 9, mib: 1024, dials: 3000 },
  heading: ({ rounds, mib, dials }) => [
    `${mib} MiB each way in 64 KiB pieces, ${dials} dials, medians of ${rounds} rounds, ms`,
  ],
  goal: (_runtime, what) => goals[what],
  groups: {
    all: {
      cases({ port, options }) {
        const bytes = options["mib"]! * 1024 * 1024;
        const raw = rawClient();
        const ours = dialerClient(systemDialer());
        const both = (run: (client: BenchClient) => Promise<void>) => ({
          theirs: () => run(raw),
          ours: () => run(ours),
        });
        return {
          read: both((client) => client.read(port, bytes)),
          write: both((client) => client.write(port, bytes)),
          dial: both(async (client) => {
            for (let i = 0; i < options["dials"]!; i++) await client.dial(port);
          }),
        };
      },
    },
  },
};
