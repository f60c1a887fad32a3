/**
 * When an older Node started this process, its end closes the channel between the two, however it came about: SIGKILL
 * tells nobody else. Then this process stops as it does at SIGTERM: what acts may finish, and nothing new begins.
 */
export function stopWithLauncher() {
  if (!process.env.REEVE_LAUNCHER || !process.channel) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  // The channel alone must not keep a finished command alive.
  process.channel.unref()
}
