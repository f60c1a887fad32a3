import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import { type Symbol as Named, SymbolFlags } from 'typescript/unstable/sync'
import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { type Compiled, type Declarations, publicSubpaths, writeDeclarations } from './declarations.ts'
import { connectorFiles, exampleFile, paymentsFile, sceneFile, triageFile } from './examples.ts'

const docs = join(import.meta.dirname, '../../../../docs')

let declarations: Declarations
let compiled: Compiled
/** What users can import, by the subpath and name. */
let exported: Map<string, Named>

beforeAll(() => {
  declarations = writeDeclarations()
  compiled = declarations.compile()
  const all = [...publicSubpaths.keys()].flatMap((subpath) =>
    [...declarations.exportsOf(subpath, compiled)].map(
      ([name, symbol]) => [`${subpath}: ${name}`, symbol] as const,
    ),
  )
  exported = new Map(all)
})

afterAll(() => {
  compiled?.close()
  declarations?.remove()
})

const documented = (symbol: Named) => compiled.checker.getDocumentationCommentOfSymbol(symbol) !== ''
const nodesOf = (symbol: Named) => symbol.declarations.map((handle) => handle.resolve() as Node)

/** The types that a declaration names, but those of its own type parameters. */
function namedTypes(node: Node): Named[] {
  const names: Node[] = []
  const visit = (each: Node): void => {
    const { typeName, expression } = each as { typeName?: Node; expression?: Node }
    if (each.kind === SyntaxKind.TypeReference) names.push(leftOf(typeName!))
    if (each.kind === SyntaxKind.ExpressionWithTypeArguments) names.push(leftOf(expression!))
    each.forEachChild(visit)
  }
  visit(node)
  return compiled.checker.getSymbolAtLocation(names).flatMap((symbol) => {
    if (!symbol) return []
    const target = symbol.flags & SymbolFlags.Alias ? compiled.checker.getAliasedSymbol(symbol) : symbol
    return target.flags & SymbolFlags.TypeParameter ? [] : [target]
  })
}

function leftOf(name: Node): Node {
  const { left } = name as { left?: Node }
  return left === undefined ? name : leftOf(left)
}

/** Its members that users see, with their names. */
function membersOf(symbol: Named): [name: string, Named][] {
  const holders = nodesOf(symbol).filter(
    ({ kind }) => kind === SyntaxKind.InterfaceDeclaration || kind === SyntaxKind.ClassDeclaration,
  )
  const names = holders.flatMap((holder) =>
    [...(holder as unknown as { members: Iterable<{ name?: Node }> }).members].flatMap(({ name }) =>
      name && name.kind !== SyntaxKind.PrivateIdentifier ? [name] : [],
    ),
  )
  return compiled.checker
    .getSymbolAtLocation(names)
    .flatMap((member) => (member ? [[member.name, member] as [string, Named]] : []))
}

/** A mapped or conditional type is worked out from others by the compiler; nobody writes it. */
const isComputed = (symbol: Named) =>
  nodesOf(symbol).some((node) => {
    const { kind } = (node as { type?: Node }).type ?? {}
    return kind === SyntaxKind.MappedType || kind === SyntaxKind.ConditionalType
  })

test('every type that a public declaration names is exported', () => {
  const known = new Set([...exported.values()].map(({ id }) => id))
  const missing = [...exported].flatMap(([from, symbol]) =>
    nodesOf(symbol)
      .flatMap(namedTypes)
      .filter(
        ({ id, declarations: [first] }) => first?.path.startsWith(declarations.folder) && !known.has(id),
      )
      .filter((type) => !isComputed(type))
      .map(({ name }) => `${name} (named by ${from})`),
  )
  expect([...new Set(missing)]).toEqual([])
  expect(known.size).toBeGreaterThan(150)
})

/** What users write: its members say what they mean, with units and defaults. What they read speaks by its names. */
const written =
  /(Options|\w+Definition|Config|Settings|Policy|Limits|Plan|Request|Rules|Filter|Rates|Deadline|ActedBy|Criteria|PlanAction|Participant|Guard|Context|Runtime|RunSteering)$/

test('every export, and every member of what users write, says what it is', () => {
  const silent = [...exported].flatMap(([name, symbol]) => [
    ...(documented(symbol) ? [] : [name]),
    ...(written.test(name) ? membersOf(symbol) : []).flatMap(([member, each]) =>
      documented(each) ? [] : [`${name}.${member}`],
    ),
  ])
  expect(silent).toEqual([])
})

test('every function, and every method of what a project is written with, has an example', () => {
  const isExampled = (symbol: Named) =>
    compiled.checker.getJsDocTagsOfSymbol(symbol).some(({ name }) => name === 'example')
  const without = [...exported].flatMap(([name, symbol]) => {
    if (symbol.flags & SymbolFlags.Function) return isExampled(symbol) ? [] : [name]
    if (!/: (Context|CoreContext|MemoryContext|Runtime|RunSteering)$/.test(name)) return []
    const isMethod = (member: Named) => (member.flags & SymbolFlags.Method) !== 0
    return membersOf(symbol).flatMap(([member, each]) =>
      isMethod(each) && !isExampled(each) ? [`${name}.${member}`] : [],
    )
  })
  expect([...new Set(without)]).toEqual([])
})

const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((page) => page.endsWith('.md'))
  .sort()

test('examples compile as they stand', () => {
  const examples = new Map<string, string>()
  for (const [name, symbol] of exported) {
    for (const [where, each] of [[name, symbol] as const, ...membersOf(symbol)]) {
      const texts = compiled.checker.getJsDocTagsOfSymbol(each).filter((tag) => tag.name === 'example')
      const place = where === name ? name : `${name}.${where}`
      for (const [index, { text = '' }] of texts.entries()) examples.set(`${place} ${index}`, text)
    }
  }
  for (const page of pages) {
    const text = readFileSync(join(docs, page), 'utf8')
    for (const [index, [, block = '']] of [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].entries())
      examples.set(`docs/${page} ${index}`, block)
  }
  const files = new Map([...examples].map(([name, text], index) => [`examples/${index}.ts`, { name, text }]))
  const written = [...files].map(([file, { text }]) => [file, exampleFile(text)])
  const { program, close } = declarations.compile({
    'payments.ts': paymentsFile,
    'workflows/triage.ts': triageFile,
    'examples/scene.ts': sceneFile,
    ...connectorFiles(),
    ...Object.fromEntries(written),
  })
  const faults = ['examples/scene.ts', ...files.keys()].flatMap((file) => {
    const path = join(declarations.folder, file)
    const found = [...program.getSyntacticDiagnostics(path), ...program.getSemanticDiagnostics(path)]
    return found.map(({ text }) => `${files.get(file)?.name ?? file}: ${text}`)
  })
  close()
  expect(faults).toEqual([])
  expect(examples.size).toBeGreaterThan(50)
})

/** All that a user's compiler can be told to be strict about. */
const strictest = {
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
  noUncheckedSideEffectImports: true,
  skipLibCheck: false,
}

const usersCode = `import { tool, workflow } from 'reeve'
import { testRuntime } from 'reeve/testing'
import { z } from 'zod'

const pay = tool({
  name: 'pay',
  description: 'Pays',
  input: z.object({ orderId: z.string(), amountUsd: z.number(), why: z.string().optional() }),
  output: z.object({ id: z.string() }),
  effect: 'idempotent',
  risk: undefined,
  run: (_args, { key }) => ({ id: key }),
})

export const desk = workflow({
  name: 'desk',
  input: z.object({ orderId: z.string(), note: z.string().optional() }),
  limits: undefined,
  async run(ctx, { orderId, note }) {
    const timeout = note === undefined ? undefined : '1d'
    const decision = await ctx.approve('pay', { show: { orderId, note }, timeout })
    if (decision.status !== 'approved') return { orderId, note, paid: null }
    const text = await ctx.generate('thanks', { route: 'writing', with: { note }, feedback: undefined })
    await ctx.step('count', () => text.length, { retry: undefined, timeout: undefined })
    const { id } = await ctx.call(pay, { orderId, amountUsd: 5, why: note })
    return { orderId, note, paid: id }
  },
})

await using test = await testRuntime({ workflows: [desk], at: undefined })
await test.run(desk, { orderId: 'A-1', note: undefined })
`

const wrongCode = `import { workflow } from 'reeve'
import { pay } from './users.ts'
import { z } from 'zod'

export const wrong = workflow({
  name: 'wrong',
  input: z.null(),
  async run(ctx) {
    await ctx.call(pay, { orderId: 'A-1' })
    await ctx.step('when', () => ({ at: new Date() }))
  },
})
`

test('under the strictest flags nothing is said of what is declared, and a mistake by its name', () => {
  const users = usersCode.replace('const pay', 'export const pay')
  const { program, close } = declarations.compile({ 'users.ts': users, 'wrong.ts': wrongCode }, strictest)
  const found = program
    .getSemanticDiagnostics()
    .map((each) => ({ file: each.fileName ?? '', text: JSON.stringify(each) }))
  close()
  const [ofMistakes, others] = [
    found.filter(({ file }) => file.endsWith('wrong.ts')),
    found.filter(({ file }) => !file.endsWith('wrong.ts')),
  ]
  expect(others).toEqual([])
  expect(ofMistakes.map(({ text }) => text)).toEqual([
    expect.stringContaining("Property 'amountUsd' is missing"),
    expect.stringContaining(
      "missing in type 'Date' but required in type 'NotJson<\\\"a Date: use its toISOString()",
    ),
  ])
})

test('the README has every verb of `ctx`, and none besides', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../../../README.md'), 'utf8')
  const [, table] = /^\| `ctx` \|[^\n]*\n\|---[^\n]*\n((?:\|[^\n]*\n)+)/m.exec(readme)!
  const named = table!
    .split('\n')
    .flatMap((row) => [...(/^\| (.*?) \|/.exec(row)?.[1]?.matchAll(/`(\w+)/g) ?? [])])
    .map(([, name]) => name!)
  const verbs = ['reeve: Context', 'reeve: CoreContext', 'reeve: MemoryContext'].flatMap((name) =>
    membersOf(exported.get(name)!).map(([member]) => member),
  )
  expect(named.sort()).toEqual([...new Set(verbs)].sort())
})

test.each([...publicSubpaths.keys()])('%s says what it is for', (subpath) => {
  const target = manifest.exports[subpath.replace('reeve', '.') as './tools']
  const text = readFileSync(join(import.meta.dirname, '../..', target['reeve-source']), 'utf8')
  expect(text).toMatch(/\/\*\*\n \* [A-Z][^@]{40,}\n \* @module\n \*\//)
})
