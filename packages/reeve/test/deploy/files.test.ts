import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

const root = join(import.meta.dirname, '../../../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

function parseYaml<T>(path: string): T[] {
  return parseAllDocuments(read(path), { merge: true }).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS() as T
  })
}

/** What `reeve` understands, as its own source declares it. */
const commandSources = readdirSync(join(root, 'packages/reeve/src/cli/commands'))
  .map((file) => read(`packages/reeve/src/cli/commands/${file}`))
  .join('\n')
const commands = [...commandSources.matchAll(/\.command\('([a-z]+)/g)].map(([, name]) => name)

const instructions = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => {
    const [, name, rest] = /^([A-Z]+) +(.*)$/.exec(line)!
    return { name: name!, rest: rest! }
  })

const valuesOf = (name: string) => instructions.filter((each) => each.name === name).map(({ rest }) => rest)

/** What an argument of the build is unless it is given. */
const argument = (name: string) =>
  valuesOf('ARG')
    .find((rest) => rest.startsWith(`${name}=`))!
    .slice(name.length + 1)

test('packages of the image are those of the lock, and nothing in it is fetched as it stands today', () => {
  const runs = valuesOf('RUN').join('\n')
  expect(runs).toContain('npm ci')
  expect(runs).not.toMatch(/npm (?:i|install|update)\b|apt|curl|wget|@latest/)
  expect(valuesOf('ADD')).toEqual([])
})

test('the image is built from files that are there and that its context lets in', () => {
  const ignored = read('.dockerignore').trim().split('\n')
  const copies = valuesOf('COPY').filter((rest) => !rest.startsWith('--from='))
  const sources = copies.flatMap((rest) => rest.split(/ +/).slice(0, -1))
  expect(sources.length).toBeGreaterThan(0)
  for (const source of sources) {
    expect(existsSync(join(root, source)), source).toBe(true)
    expect(ignored).not.toContain(source)
  }
  expect(existsSync(join(root, argument('PROJECT'), 'reeve.config.ts'))).toBe(true)
  // What the build of the packages reads from above them is there.
  const above = [...read('scripts/build.mjs').matchAll(/'\.\.\/\.\.\/([\w.-]+)'/g)].map(([, path]) => path!)
  expect(above).toContain('docs')
  expect(above.filter((path) => !sources.includes(path))).toEqual([])
})

test('the image runs the Node that the project pins, as nobody special, with Reeve as its first process', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: { node: string } }
  expect(argument('NODE')).toBe(`node:${dependencies.node}-slim`)
  expect(valuesOf('FROM')).toEqual(['${NODE} AS build', '${NODE}'])
  expect(valuesOf('USER')).toEqual(['node'])
  const [node, entry] = JSON.parse(valuesOf('ENTRYPOINT')[0]!) as string[]
  expect(node).toBe('node')
  expect(existsSync(join(root, entry!.replace(/^\/app\//, '')))).toBe(true)
  expect(commands).toContain((JSON.parse(valuesOf('CMD')[0]!) as string[])[0])
})

interface Service {
  image: string
  command?: string[]
  environment?: Record<string, string>
  depends_on?: Record<string, unknown>
  volumes?: string[]
  deploy?: { replicas: number }
}

test('compose brings up Postgres, a server and two workers that reach it', () => {
  const [file] = parseYaml<{ services: Record<string, Service>; volumes: object }>('compose.yaml')
  const { postgres, server, worker } = file!.services
  expect(Object.keys(file!.services)).toHaveLength(3)
  expect(server!.command).toEqual(['start'])
  expect(worker!.command).toEqual(['worker'])
  expect(worker!.deploy!.replicas).toBe(2)
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = postgres!.environment!
  for (const each of [server!, worker!]) {
    expect(commands).toContain(each.command![0])
    expect(each.image).toBe('reeve')
    expect(Object.keys(each.depends_on!)).toEqual(['postgres'])
    expect(each.environment!.DATABASE_URL).toBe(
      `postgres://${POSTGRES_USER}:${POSTGRES_PASSWORD}@postgres:5432/${POSTGRES_DB}`,
    )
  }
  for (const volume of postgres!.volumes!) expect(file!.volumes).toHaveProperty(volume.split(':')[0]!)
})

interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string }
  stringData?: Record<string, string>
  spec?: {
    selector?: { matchLabels: Record<string, string> }
    template?: {
      metadata: { labels: Record<string, string> }
      spec: {
        containers: {
          image: string
          args: string[]
          env: { name: string; valueFrom: { secretKeyRef: { name: string; key: string } } }[]
          volumeMounts?: { name: string }[]
        }[]
        volumes?: { name: string }[]
      }
    }
  }
}

test('each Kubernetes manifest fits the others, the image and the command line', () => {
  const folder = 'deploy/kubernetes'
  const manifests = readdirSync(join(root, folder)).flatMap((file) =>
    parseYaml<Manifest>(`${folder}/${file}`),
  )
  const kinds = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()
  expect(kinds).toEqual([
    'Deployment reeve-server',
    'Deployment reeve-worker',
    'Job reeve-migrate',
    'PodDisruptionBudget reeve-worker',
    'Secret reeve-database',
  ])
  const secret = manifests.find(({ kind }) => kind === 'Secret')!
  const labels = manifests.flatMap(({ spec }) => (spec?.template ? [spec.template.metadata.labels] : []))
  for (const { apiVersion, spec } of manifests) {
    expect(apiVersion).toMatch(/^(apps\/v1|batch\/v1|policy\/v1|v1)$/)
    if (spec?.selector) expect(labels).toContainEqual(spec.selector.matchLabels)
    const pod = spec?.template?.spec
    if (!pod) continue
    expect(pod.containers).toHaveLength(1)
    const [container] = pod.containers
    expect(container!.image).toBe('reeve:latest')
    expect(commands).toContain(container!.args[0])
    expect(container!.env.map(({ name }) => name)).toEqual(['DATABASE_URL'])
    const { name, key } = container!.env[0]!.valueFrom.secretKeyRef
    expect(name).toBe(secret.metadata.name)
    expect(secret.stringData).toHaveProperty(key)
    const volumes = (pod.volumes ?? []).map((volume) => volume.name).sort()
    expect((container!.volumeMounts ?? []).map((mount) => mount.name).sort()).toEqual(volumes)
  }
})
