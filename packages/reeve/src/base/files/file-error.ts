import { ReeveError } from '../errors.ts'

/** What a system says of a file that it does not give, and of a disk. What else it says is a fault of the code. */
const reasons: { [code: string]: string } = {
  EACCES: 'this user does not have the right',
  EPERM: 'this user does not have the right',
  EROFS: 'it is on a read-only file system',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its symbolic links go in a circle',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the disk does not answer',
}

/** A system's error about a file, as one to be read; undefined for any other. */
export function fileErrorOf(error: unknown): ReeveError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, path, syscall = 'use' } = error as NodeJS.ErrnoException
  const reason = code === undefined ? undefined : reasons[code]
  if (reason === undefined) return undefined
  const what = path === undefined ? 'A file' : path
  return new ReeveError('file-unusable', `${what} cannot be used (${syscall}, ${code}): ${reason}.`, {
    cause: error,
    details: { ...(path !== undefined && { path }), system: code! },
  })
}
