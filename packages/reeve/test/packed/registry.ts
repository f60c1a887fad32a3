import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename, join } from 'node:path'
import { repository, succeed } from './commands.ts'

interface Manifest {
  name: string
  version: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

export interface Registry {
  url: string
  close(): Promise<void>
}

/**
 * A package registry on the loopback, which has what the repository has installed: the given packages and all that they
 * depend on. So an installation is tried without the network. Of those in `packedBefore`, by their names, the tarballs are there;
 * of those in `onlyTold` the registry tells that they are, and has no tarball.
 */
export async function startRegistry(
  folder: string,
  names: string[],
  packedBefore: ReadonlyMap<string, string>,
  onlyTold: readonly string[] = [],
): Promise<Registry> {
  const packages = closureOf(names).filter((name) => !packedBefore.has(name))
  const tarballs = join(folder, 'tarballs')
  mkdirSync(tarballs)
  const command = ['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', tarballs] as const
  const packed = await succeed(folder, [...command, ...packages.map((name) => join(modules, name))])
  const files = new Map(
    (JSON.parse(packed) as { name: string; filename: string }[]).map((one) => [one.name, one.filename]),
  )
  for (const [name, tarball] of packedBefore) {
    copyFileSync(tarball, join(tarballs, basename(tarball)))
    files.set(name, basename(tarball))
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1))
    const file = join(tarballs, basename(path))
    if (path.startsWith('tarballs/') && existsSync(file)) return response.end(readFileSync(file))
    const filename = files.get(path)
    if (filename === undefined && !onlyTold.includes(path)) return response.writeHead(404).end('{}')
    const manifest = manifestOf(path)
    const { name, version } = manifest
    const answer = (dist: object) => {
      const versions = { [version]: { ...manifest, dist } }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }))
    }
    if (filename === undefined) return answer({ tarball: `http://${request.headers.host}/tarballs/none` })
    const digest = createHash('sha512')
      .update(readFileSync(join(tarballs, filename)))
      .digest('base64')
    answer({
      tarball: `http://${request.headers.host}/tarballs/${filename}`,
      integrity: `sha512-${digest}`,
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const modules = join(repository, 'node_modules')

function manifestOf(name: string): Manifest {
  return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')) as Manifest
}

/** What npm leaves out on this platform is in no registry either. */
function closureOf(names: string[]): string[] {
  const found = new Set<string>()
  const visit = (name: string) => {
    if (found.has(name) || !existsSync(join(modules, name))) return
    found.add(name)
    const { dependencies, optionalDependencies } = manifestOf(name)
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) visit(next)
  }
  for (const name of names) visit(name)
  return [...found]
}
