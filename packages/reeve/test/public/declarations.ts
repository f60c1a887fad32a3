import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { API, type Checker, type Symbol as Named, type Program, SymbolFlags } from 'typescript/unstable/sync'
import manifest from '../../package.json' with { type: 'json' }

const packageFolder = join(import.meta.dirname, '../..')
const tsc = join(packageFolder, '../../node_modules/typescript/bin/tsc')

/** The subpaths that users import, with their declarations: `reeve` → `index.d.ts`. */
export const publicSubpaths: ReadonlyMap<string, string> = new Map(
  Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string' || path === './internal'
      ? []
      : [[path.replace(/^\./, 'reeve'), target.types.replace('./dist/', '')]],
  ),
)

export interface Compiled {
  program: Program
  checker: Checker
  close(): void
}

export interface Declarations {
  /** Where they lie, and where files can be written that are compiled with them. */
  folder: string
  /** Of the package's declarations and the `files` beside them, as a user's compiler sees both. */
  compile(files?: Record<string, string>, options?: object): Compiled
  /** What a subpath exports, with aliases resolved, by name. */
  exportsOf(subpath: string, from: Compiled): Map<string, Named>
  remove(): void
}

/** Writes the declarations of the package as its build does. */
export function writeDeclarations(): Declarations {
  const place = join(packageFolder, 'test/.tmp')
  mkdirSync(place, { recursive: true })
  const folder = mkdtempSync(join(place, 'declarations-'))
  const options = [
    '-p',
    join(packageFolder, 'tsconfig.build.json'),
    '--emitDeclarationOnly',
    '--outDir',
    folder,
  ]
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, '--declarationMap', 'false'])
  if (status !== 0) throw new Error(`The declarations cannot be written:\n${stdout}`)
  return {
    folder,
    compile(files = {}, options = {}) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true })
        writeFileSync(join(folder, name), text)
      }
      const config = join(folder, 'tsconfig.json')
      writeFileSync(config, JSON.stringify(configFor(Object.keys(files), options)))
      const api = new API()
      const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)!
      return { program: project.program, checker: project.checker, close: () => api.close() }
    },
    exportsOf(subpath, { program, checker }) {
      const file = program.getSourceFile(join(folder, publicSubpaths.get(subpath)!))!
      const found = checker.getExportsOfModule(checker.getSymbolAtLocation(file)!)
      return new Map(
        found.map((each) => [
          each.name,
          each.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each,
        ]),
      )
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function configFor(files: string[], options: object) {
  const paths = Object.fromEntries([...publicSubpaths].map(([name, file]) => [name, [`./${file}`]]))
  return {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable', 'esnext.array'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noUncheckedIndexedAccess: true,
      allowImportingTsExtensions: true,
      noEmit: true,
      skipLibCheck: true,
      paths,
      ...options,
    },
    files: [...publicSubpaths.values(), ...files],
  }
}
