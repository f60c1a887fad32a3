import { spawn } from 'node:child_process'

/** Opens a page in the person's browser, which goes on when this process ends. Where there is none, nothing happens. */
export function openBrowser(url: string): void {
  const programs: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
    darwin: ['open', url],
    win32: ['rundll32', 'url.dll,FileProtocolHandler', url],
  }
  const [program, ...args] = programs[process.platform] ?? ['xdg-open', url]
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  // Nobody is held up for it: the link stands on the terminal, too.
  child.on('error', () => {})
  child.unref()
}
