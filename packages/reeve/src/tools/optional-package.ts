import { createRequire } from 'node:module'
import { ReeveError } from '../base/errors.ts'

/** The entry of an optional package. @throws `missing-package` */
export function findPackage(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch (cause) {
    throw new ReeveError(
      'missing-package',
      `The package "${name}" is not installed. Add it with: npm install ${name}`,
      {
        cause,
        details: { package: name, sent: false },
      },
    )
  }
}
