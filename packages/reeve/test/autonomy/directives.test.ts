import { expect, test } from 'vitest'
import { readCriterion } from '../../src/autonomy/criteria/read-criterion.ts'
import type { Known } from '../../src/autonomy/directives/known.ts'
import { readDirectives } from '../../src/autonomy/directives/load-directives.ts'
import { inputsCheck } from '../../src/autonomy/inputs/input.ts'
import { readInput } from '../../src/autonomy/inputs/read-input.ts'
import { validate } from '../../src/base/schema/schema.ts'

const input = (text: string) => {
  const read = readInput(text)
  if (typeof read === 'string') throw new Error(read)
  return read
}

const known: Known = {
  scripts: [
    {
      name: 'generate_blog',
      file: 'scripts/generate_blog.py',
      tool: 'script.generate_blog',
      inputs: [input('topic: string (required)'), input('target_keywords: list[str]')],
      output: { type: 'object', properties: { folder: { type: 'string' }, slug: { type: 'string' } } },
    },
    {
      name: 'deploy',
      file: 'scripts/deploy.sh',
      tool: 'script.deploy',
      inputs: [input('prod: boolean'), input('folder: string (required)')],
      output: { type: 'object', properties: { slug: { type: 'string' } } },
    },
  ],
  tools: [{ name: 'mail.send', effect: 'once' }],
  workflows: [{ name: 'publish', input: null, output: null }],
  routes: ['judging'],
}

const sound = `# Directive: publish_blog_post

## Goal
Generate and publish a blog post optimized for SEO.

## Inputs
- topic: string (required)
- target_keywords: list[str]

## Tools
- scripts/generate_blog.py --topic {topic} --target_keywords {target_keywords}
- scripts/deploy.sh --prod --folder {generate_blog.folder}

## Success Criteria
- GET https://shop.example/blog/{slug} answers 200 and contains "{topic}" within 2m
- file out/{generate_blog.slug}.md exists
- sql data/shop.db "select count(*) from posts where slug = {slug}" is 1

## Known Failure Modes
- The host refuses more than 100 deploys a day
`

async function read(text: string, name = 'publish_blog_post') {
  return readDirectives([{ name, file: `directives/${name}.md`, text }], known)
}

/** The problems of the sound directive with one thing changed, as a person reads them. */
async function problemsWith(before: string, after: string): Promise<string> {
  expect(sound).toContain(before)
  const { problems } = await read(sound.replace(before, after))
  return problems.map(({ line, problem }) => `${line}: ${problem}`).join('\n')
}

test('a directive is read as its author wrote it', async () => {
  const { directives, problems } = await read(sound)
  expect(problems).toEqual([])
  const [directive] = directives
  expect(directive).toMatchObject({
    name: 'publish_blog_post',
    title: 'publish_blog_post',
    goal: 'Generate and publish a blog post optimized for SEO.',
    tools: ['script.generate_blog', 'script.deploy'],
    failureModes: ['The host refuses more than 100 deploys a day'],
    schema: { required: ['topic'], additionalProperties: false },
  })
  expect(directive!.does.map(({ kind, name, line }) => [kind, name, line])).toEqual([
    ['script', 'generate_blog', 11],
    ['script', 'deploy', 12],
  ])
  expect(directive!.criteria.map(({ check, withinMs }) => [check.kind, withinMs])).toEqual([
    ['http', 120_000],
    ['file', undefined],
    ['sql', undefined],
  ])
})

test('what is known to fail changes the hash of the file and not the version of what it does', async () => {
  const before = (await read(sound)).directives[0]!
  const noted = (await read(`${sound}- A second one\n`)).directives[0]!
  const changed = (await read(sound.replace('answers 200', 'answers 201'))).directives[0]!
  expect(noted.hash).not.toBe(before.hash)
  expect(noted.version).toBe(before.version)
  expect(changed.version).not.toBe(before.version)
})

test.each([
  ['## Goal\nGenerate', '## Aim\nGenerate', '1: the section "Goal" is missing'],
  [
    '## Success Criteria',
    '## Sucess Criteria',
    '14: "Sucess Criteria" is not a section. Did you mean: ## Success Criteria',
  ],
  ['## Goal\nGenerate and publish a blog post optimized for SEO.', '## Goal', '3: the goal is empty'],
  [
    '- topic: string (required)',
    '- topic: strng (required)',
    '7: Input topic: "strng" is not a type. Did you mean string?',
  ],
  ['- topic: string (required)', '- the topic', '7: "the topic" is not an input. Write NAME: TYPE'],
  [
    '- topic: string (required)',
    '- topic: string (requierd)',
    '7: Input topic: "requierd" is not understood',
  ],
  ['list[str]', 'list[str] (required, default [])', 'its default is never taken'],
  ['scripts/generate_blog.py', 'scripts/generate_blgo.py', 'Did you mean scripts/generate_blog.py?'],
  [
    'scripts/generate_blog.py',
    'execution/generate_blog.py',
    '11: execution/generate_blog.py is not in scripts/. Did you mean scripts/generate_blog.py?',
  ],
  [
    '- scripts/deploy.sh --prod --folder {generate_blog.folder}',
    '- may use mail.sned',
    '12: there is no tool "mail.sned". Did you mean mail.send?',
  ],
  ['- scripts/deploy.sh --prod --folder {generate_blog.folder}', '- publsh', 'Did you mean publish?'],
  [
    '--topic {topic}',
    '--topik {topic}',
    '11: script generate_blog does not take --topik. Did you mean --topic?\n11: script generate_blog needs --topic',
  ],
  ['--topic {topic}', '--topic {topix}', '11: {topix} is not an input. Did you mean {topic}?'],
  [
    '- topic: string (required)',
    '- topic: string',
    'generate_blog needs --topic, and the input topic may be left out',
  ],
  [
    '- topic: string (required)',
    '- topic: number (required)',
    '11: --topic of script generate_blog is string, and the input topic is number',
  ],
  [
    '- topic: string (required)',
    '- topic: string (required)\n- tone: string',
    '12: nothing takes the input tone',
  ],
  [
    '- GET https://shop.example/blog/{slug} answers 200 and contains "{topic}" within 2m',
    '- Blog post is live at shop.example/blog/{slug}',
    '15: "Blog post is live at shop.example/blog/{slug}" cannot be checked by a program. Write it as - GET https://shop.example/blog/{slug} answers 200',
  ],
  [
    '- file out/{generate_blog.slug}.md exists',
    '- Social post is queued',
    '16: "Social post is queued" cannot be checked by a program. Write how it is checked',
  ],
  [
    '- file out/{generate_blog.slug}.md exists',
    '- judged by judgin: it is good',
    '16: there is no route "judgin". Did you mean judging?',
  ],
  [
    '{generate_blog.folder}',
    '{generate_blog.foldr}',
    '12: {generate_blog.foldr} has no value: script generate_blog does not give "foldr". Did you mean folder?',
  ],
  [
    '- file out/{generate_blog.slug}.md exists',
    '- file out/{generate_blog.slug.name}.md exists',
    '16: {generate_blog.slug.name} has no value: script generate_blog is string, which has no field "name"',
  ],
  [
    '- file out/{generate_blog.slug}.md exists',
    '- output has slug, url',
    '16: {output.url} has no value: script deploy does not give "url". There is: slug',
  ],
  [
    '- file out/{generate_blog.slug}.md exists',
    '- {address} is "https://shop.example"',
    '16: {address} has no value: script deploy does not give "address". There is: slug',
  ],
  [
    '{topic} --target',
    '{topic.length} --target',
    '11: {topic.length} has no value: the input topic is string',
  ],
  [
    '- file out/{generate_blog.slug}.md exists',
    '- {topic} is not "spam"',
    '16: it looks at inputs alone, and nothing that is done changes those',
  ],
  [
    '- sql data/shop.db "select',
    '- sql mail.send "select',
    '17: the tool "mail.send" changes something (once), and a criterion only looks',
  ],
])('%j written as %j is refused: %s', async (before, after, expected) => {
  expect(await problemsWith(before, after)).toContain(expected)
})

test('a criterion that cannot be checked hides no fault of the others', async () => {
  const text = sound
    .replace('- file out/{generate_blog.slug}.md exists', '- {topic} is not "spam"')
    .replace('- sql data/shop.db "select', '- sql mail.send "select')
  const { problems } = await readDirectives([{ name: 'blog', file: 'directives/blog.md', text }], known)
  expect(problems.map(({ line, problem }) => `${line}: ${problem}`)).toEqual([
    expect.stringContaining('16: it looks at inputs alone'),
    expect.stringContaining('17: the tool "mail.send" changes something'),
  ])
})

test('directives that call one another in a circle are refused, with the way', async () => {
  const calling = (other: string) =>
    sound.replace(
      '- scripts/deploy.sh --prod --folder {generate_blog.folder}',
      `- directive ${other} --topic {topic}`,
    )
  const sources = ['a', 'b', 'c'].map((name, index, all) => ({
    name,
    file: `directives/${name}.md`,
    text: calling(all[(index + 1) % 3]!),
  }))
  const { problems } = await readDirectives(sources, known)
  expect(problems.map(({ file, line, problem }) => `${file}:${line}: ${problem}`)).toContain(
    'directives/a.md:12: directives go round in a circle: a → b → c → a. Let one of them call a script or a workflow',
  )
})

test.each([
  [
    'topic: string (required) — what it is about',
    { required: true, description: 'what it is about', schema: { type: 'string' } },
  ],
  [
    'count: integer (1 to 10, default 3)',
    { default: 3, schema: { type: 'integer', minimum: 1, maximum: 10 } },
  ],
  [
    'tone: enum[formal, plain] (default plain)',
    { default: 'plain', schema: { type: 'string', enum: ['formal', 'plain'] } },
  ],
  [
    'tags: list[str] (at most 5 items)',
    { schema: { type: 'array', items: { type: 'string' }, maxItems: 5 } },
  ],
  [
    '`title`: string (at most 80 characters): the headline',
    { name: 'title', description: 'the headline', schema: { type: 'string', maxLength: 80 } },
  ],
  ['on: date', { schema: { type: 'string', format: 'date' } }],
])('the input %s', (text, expected) => {
  expect(readInput(text)).toMatchObject(expected)
})

test.each([
  ['count: integer (10 to 1)', '"10 to 1" leaves no value'],
  ['count: integer (default many)', '"default many" is not a default of type integer'],
  ['count: integer (default 30, 1 to 10)', 'its default does not fit'],
  ['day: date (at least 3)', 'bounds a number'],
  ['x: list[strng]', 'Did you mean string?'],
  ['x: string (required', 'is not closed'],
])('the input %s is refused', (text, expected) => {
  expect(readInput(text)).toContain(expected)
})

test('inputs are checked with their defaults, and nothing else may be given', () => {
  const check = inputsCheck(
    [input('topic: string (required)'), input('count: integer (1 to 10, default 3)')],
    'The inputs',
  )
  expect(validate(check, { topic: 'tea' })).toEqual({ ok: true, value: { topic: 'tea', count: 3 } })
  expect(validate(check, { topic: 'tea', count: 11 })).toMatchObject({
    ok: false,
    issues: [{ path: 'count' }],
  })
  expect(validate(check, { topic: 'tea', conut: 1 }).ok).toBe(false)
  expect(validate(check, { count: 1 }).ok).toBe(false)
})

test.each([
  `select count(*) from posts where title = 'delete; update into'`,
  'with x as (select replace(a, 1, 2) as b from posts) select count(*) from x',
  'select count(*) from posts -- ; drop table posts',
])('a query that only reads is taken: %s', (sql) => {
  expect(readCriterion(`sql data/x.db "${sql}" is 1`, 1)).toMatchObject({ check: { kind: 'sql' } })
})

test.each([
  ['GET http://{host}/ answers 200', 'whose host is written out'],
  ['GET https://a.example/ works', 'which status is right'],
  ['HEAD https://a.example/ answers 200 and contains "x"', 'HEAD has no body'],
  ['file ../secret exists', 'inside the project'],
  ['command ./check.sh', 'with which code'],
  ['command {program} exits 0', 'must be written out'],
  [`sql data/x.db "select '{slug}'" is 1`, 'Leave the quotes out'],
  ['sql data/x.db select 1', 'must name a database'],
  ['sql data/x.db "delete from posts returning 1" is 1', 'does more than read'],
  ['sql data/x.db "select 1; drop table posts" is 1', 'does more than read'],
  ['sql data/x.db "/* only */ update posts set a = 1" is 1', 'does more than read'],
  ['sql data/x.db "with x as (select 1) delete from posts returning 1" is 1', 'does more than read'],
  ['sql shop.query "select count(*) into old from posts" is 1', 'does more than read'],
  ['sql data/x.db "pragma user_version = 3" is 3', 'does more than read'],
  ['output matches {"type": "strng"}', 'is not a JSON Schema'],
  ['output matches {', 'is not a JSON Schema'],
])('the criterion %s is refused', (text, expected) => {
  expect(readCriterion(text, 1)).toContain(expected)
})
