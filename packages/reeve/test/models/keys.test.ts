import { expect, onTestFinished, test } from 'vitest'
import { readEnvironment } from '../../src/base/config.ts'
import { hostedSolver } from '../../src/models/providers/hosted.ts'
import { hostedEmbedder } from '../../src/models/providers/hosted-embedder.ts'
import { providerDouble } from './provider-double.ts'

const signal = new AbortController().signal
const question = { task: 'generate', name: 'try', input: {} } as const
const keysOf = (variables: Record<string, string>) => readEnvironment('/tmp', variables).keys

const chatReply = {
  id: 'c1',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}
const geminiReply = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'yes' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
}

async function server(reply: object) {
  const double = await providerDouble(() => reply)
  onTestFinished(() => double.close())
  return double
}

test.each([
  ['/v1', '/v1'],
  ['', '/v1'],
  ['/', '/v1'],
  ['/api', '/v1'],
  ['/proxy/v1/', '/proxy/v1'],
])('OLLAMA_BASE_URL with the path "%s" is where Ollama is asked', async (given, path) => {
  const { url, requests } = await server(chatReply)
  const keys = keysOf({ OLLAMA_BASE_URL: `${url}${given}` })
  const solver = hostedSolver('ollama/llama3.2', { keys })
  expect(await solver.solve(question, { signal })).toMatchObject({ text: 'yes' })
  expect(requests[0]!.path).toBe(`${path}/chat/completions`)
  expect(solver.access).toEqual({ address: `${url}${path}`, keyName: undefined })
  expect(solver.identity).toContain(url)
})

test('a server of another name is known by its address alone, and gets the key of its name', async () => {
  const { url, requests } = await server(chatReply)
  const keys = keysOf({ MY_VLLM_BASE_URL: url, MY_VLLM_API_KEY: 'sk-own', OPENAI_API_KEY: 'sk-other' })
  const solver = hostedSolver('my-vllm/qwen', { keys })
  expect(await solver.solve(question, { signal })).toMatchObject({ text: 'yes' })
  expect(requests[0]!.headers.authorization).toBe('Bearer sk-own')
  expect(solver.access).toEqual({ address: `${url}/v1`, keyName: 'MY_VLLM_API_KEY' })
})

test('without its address a server of another name cannot be asked, and says which model needs what', () => {
  for (const solver of [
    hostedSolver('other/qwen', { keys: {} }),
    hostedEmbedder('other/qwen', { keys: {} }),
  ]) {
    expect(solver.unusable).toMatchObject({
      code: 'unknown-provider',
      message: expect.stringMatching(/"other" of "other\/qwen".*Set OTHER_BASE_URL/),
    })
    expect(() => solver.solve(question, { signal })).toThrow('OTHER_BASE_URL')
  }
})

test('a name that is like that of a provider is taken for misspelt', () => {
  expect(() => hostedSolver('antropic/claude', { keys: {} })).toThrow('Did you mean anthropic/claude?')
})

test.each([
  [{ GEMINI_API_KEY: 'g-one' }, 'g-one', 'GEMINI_API_KEY'],
  [
    { GOOGLE_GENERATIVE_AI_API_KEY: 'g-two', GEMINI_API_KEY: 'g-one' },
    'g-two',
    'GOOGLE_GENERATIVE_AI_API_KEY',
  ],
  [{ GOOGLE_GENERATIVE_AI_API_KEY: '', GEMINI_API_KEY: 'g-one' }, 'g-one', 'GEMINI_API_KEY'],
])('the key of Gemini is read from %j', async (variables, key, keyName) => {
  const { url, requests } = await server(geminiReply)
  const solver = hostedSolver('google/gemini-2.5-flash', {
    keys: keysOf(variables),
    baseUrl: `${url}/v1beta`,
  })
  expect(solver.unusable).toBeUndefined()
  expect(await solver.solve(question, { signal })).toMatchObject({ text: 'yes' })
  expect(requests[0]!.headers['x-goog-api-key']).toBe(key)
  expect(solver.access?.keyName).toBe(keyName)
})

test('a variable never sends the key of a provider somewhere else', () => {
  const keys = keysOf({ OPENAI_API_KEY: 'sk', OPENAI_BASE_URL: 'https://evil.test/v1' })
  expect(hostedSolver('openai/gpt-5-mini', { keys }).access?.address).toBe('https://api.openai.com/v1')
})

test('the embedder of Ollama is at the same address', async () => {
  const { url, requests } = await server({
    data: [{ embedding: [1, 0], index: 0 }],
    usage: { prompt_tokens: 1 },
  })
  const embedder = hostedEmbedder('ollama/nomic', { keys: keysOf({ OLLAMA_BASE_URL: url }) })
  await embedder.solve({ task: 'embed', name: 'texts', input: ['a'] }, { signal })
  expect(requests[0]!.path).toBe('/v1/embeddings')
})

test.each([
  'localhost:11434',
  'ftp://x',
  'http://ada:secret@host/v1',
  'http://host/v1?key=secret',
  'nonsense',
])('an address that is none (%s) is refused without showing it', (value) => {
  const make = () => hostedSolver('ollama/llama3.2', { keys: keysOf({ OLLAMA_BASE_URL: value }) })
  expect(make).toThrow(expect.objectContaining({ code: 'bad-base-url' }))
  expect(make).toThrow('OLLAMA_BASE_URL is not an address of a server')
  expect(make).not.toThrow('secret')
})
