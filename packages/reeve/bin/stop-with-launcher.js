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

/**
 * `npx reeve …` and `npm start` run the command in a shell. A SIGTERM to npm ends the shell alone: this process would act
 * on, with nobody to stop it. Only where the shell was to run nothing but this command: others may leave it on purpose.
 */
export function stopWithShell() {
  if (!/^'?reeve'?(?: [^&|;]*)?$/.test(process.env.npm_lifecycle_script ?? '')) return
  const shell = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === shell) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  watch.unref()
}
