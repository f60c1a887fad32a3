import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

interface Locked {
  version: string
  license?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

/** Licences under which somebody else's code may come with ours. */
const taken = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
])

/** What is built into the page: its development packages that run in a browser. */
const inThePage = /^(?:@tanstack\/|@xyflow\/|react$|react-dom$)/

/** docs/reference/licences.md: every package that is installed with Reeve or built into its page, by the lockfile. */
export function licencesReference(): string {
  const rows = packagesOf().map(
    ([name, { version, license = 'none stated' }]) => `| ${name} | ${version} | ${license} |`,
  )
  return `${head}\n| package | version | licence |\n|---|---|---|\n${rows.join('\n')}\n`
}

/** Packages whose licence is not one that we take. */
export function otherLicences(): string[] {
  return packagesOf().flatMap(([name, { license = 'none stated' }]) =>
    license.split(/ OR |[()]/).some((one) => taken.has(one.trim())) ? [] : [`${name}: ${license}`],
  )
}

const head = `<!-- Made from the lockfile by \`npm run reference\`. -->

# Licences of what comes with Reeve

Reeve is MIT. These packages are installed with \`reeve\` or \`create-reeve\`, or are built into the page. Optional peers are not here: whoever
adds one chooses it. A list for machines: \`npm sbom --omit=dev --sbom-format=cyclonedx\`.
`

function packagesOf(): [string, Locked][] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked & { devDependencies?: Record<string, string> }>
  }
  const found = new Map<string, Locked>()
  const visit = (from: string, name: string): void => {
    const place = placeOf(lock.packages, from, name)
    if (place === undefined || found.has(place)) return
    const locked = lock.packages[place]!
    // A workspace of ours is a link to a folder.
    if (locked.version === undefined) return
    found.set(place, locked)
    for (const next of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies }))
      visit(place, next)
  }
  for (const folder of ['packages/reeve', 'packages/create-reeve'])
    for (const name of Object.keys(lock.packages[folder]!.dependencies ?? {})) visit(folder, name)
  const page = lock.packages['packages/dashboard']!.devDependencies ?? {}
  for (const name of Object.keys(page)) if (inThePage.test(name)) visit('packages/dashboard', name)
  return [...found]
    .map(([place, locked]): [string, Locked] => [
      place.slice(place.lastIndexOf('node_modules/') + 13),
      locked,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Where a package that another one needs is installed: nearest to it. */
function placeOf(packages: Record<string, unknown>, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (packages[place] !== undefined) return place
    if (folder === '') return undefined
  }
}
