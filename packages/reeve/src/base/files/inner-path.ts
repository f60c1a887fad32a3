/**
 * Whether a path that somebody wrote stays below the folder that it is relative to, on every system: it begins neither at a root nor at
 * a drive, and goes up nowhere. Links are for whoever opens it.
 */
export function isInnerPath(path: string): boolean {
  if (/^[/\\]|^[a-z]:/i.test(path)) return false
  return !path.split(/[/\\]/).includes('..')
}
