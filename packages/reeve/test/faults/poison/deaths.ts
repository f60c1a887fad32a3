/** How a poison run ends its process. */
export const deaths = ['exit', 'kill', 'abort', 'loop', 'memory', 'exception', 'rejection'] as const
export type Death = (typeof deaths)[number]

/** Where in the poison run it happens: from its second life on, `load` is before the run's function is called. */
export const places = ['body', 'step', 'effect', 'load'] as const
export type Place = (typeof places)[number]

/** Each ends this process, at once or as soon as it has yielded; `loop` leaves it there, doing nothing any more. */
export const waysToDie: Record<Death, () => void> = {
  exit: () => process.exit(1),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  abort: () => process.abort(),
  loop() {
    for (;;);
  },
  memory() {
    for (const kept: number[][] = []; ; ) kept.push(new Array(1_000_000).fill(kept.length + 0.5))
  },
  exception: () =>
    setImmediate(() => {
      throw new Error('nobody catches this')
    }),
  rejection: () => void Promise.reject(new Error('nobody catches this')),
}
