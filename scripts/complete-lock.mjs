// Completes package-lock.json after `npm install` from a registry mirror that holds the packages of some platforms
// only: npm then leaves the others out of the lock, and `npm ci` refuses it. Each optional package that a locked one
// names with an exact version gets its entry, for its own platform.  node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const processors = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
]

function platformOf(name) {
  const words = name.replace('windows', 'win32').split(/[-/]/)
  const platform = {}
  const cpu = processors.find((one) => words.includes(one) || (one === 'arm' && words.includes('armv7')))
  const os = systems.find((one) => words.includes(one))
  if (cpu) platform.cpu = [cpu]
  if (os) platform.os = [os]
  if (words.some((word) => word.startsWith('musl'))) platform.libc = ['musl']
  else if (os === 'linux' && words.some((word) => word.startsWith('gnu'))) platform.libc = ['glibc']
  return platform
}

/** Where Node looks for `name` from a package at `path`, nearest first. */
function placesFor(name, path) {
  const places = [`node_modules/${name}`]
  for (
    let at = path;
    at.includes('node_modules/');
    at = at.slice(0, at.lastIndexOf('node_modules/')).replace(/\/$/, '')
  ) {
    places.unshift(`${at}/node_modules/${name}`)
  }
  return places
}

let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (placesFor(name, path).some((place) => lock.packages[place])) continue
    const version = range.replace(/^[\^~]/, '')
    if (!/^\d+\.\d+\.\d+/.test(version)) continue
    const place = `node_modules/${name}`
    lock.packages[place] = {
      version,
      ...platformOf(name),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
    }
    added++
  }
}
const sorted = Object.keys(lock.packages).sort((left, right) => (left < right ? -1 : 1))
lock.packages = Object.fromEntries(sorted.map((path) => [path, lock.packages[path]]))
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(`${added} packages of other platforms added to the lock`)
