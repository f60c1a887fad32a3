import type { OpenAIProvider } from '@ai-sdk/openai'
import type { EmbeddingModel, LanguageModel } from 'ai'
import { ReeveError } from '../../base/errors.ts'
import { importOptional } from '../../base/optional-package.ts'
import { nearestName } from '../../base/text/nearest-name.ts'
import { keyUsed, type ProviderKeys } from './model-object.ts'
import { savingFetch, type WireName } from './wire.ts'

/** A model as the AI SDK takes it. */
export type SdkModel = Exclude<LanguageModel, string>

/** An embedding model as the AI SDK takes it. */
export type SdkEmbedder = Exclude<EmbeddingModel, string>

/** A provider's batches behind the AI SDK. */
export type BatchApi = ReturnType<OpenAIProvider['experimental_batch']>

export interface ModelReference {
  /** `provider/model` */
  name: string
  provider: string
  model: string
  /** Absent: the provider's own. */
  baseUrl?: string
}

interface Settings {
  apiKey: string
  baseURL: string
  fetch: typeof fetch
}

interface Provider {
  /** Any of these holds the key; none: no key is needed. */
  keyNames: string[]
  package: string
  baseUrl: string
  wire: WireName
  load(settings: Settings): Promise<(model: string) => SdkModel>
  /** Its batches, over the given `fetch`; absent: it has none. */
  loadBatches?(settings: Settings): Promise<BatchApi>
  /** Absent: it has no embedding models. */
  loadEmbedder?(settings: Settings): Promise<(model: string) => SdkEmbedder>
}

// The base URL and the key are always given: the AI SDK would otherwise look into the environment for them.
const providers: Readonly<Record<string, Provider>> = {
  anthropic: {
    keyNames: ['ANTHROPIC_API_KEY'],
    package: '@ai-sdk/anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    wire: 'anthropic',
    async load(settings) {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      return createAnthropic(settings)
    },
    async loadBatches(settings) {
      const { createAnthropic } = await import('@ai-sdk/anthropic')
      return createAnthropic(settings).experimental_batch()
    },
  },
  openai: {
    keyNames: ['OPENAI_API_KEY'],
    package: '@ai-sdk/openai',
    baseUrl: 'https://api.openai.com/v1',
    wire: 'openai-responses',
    async load(settings) {
      const { createOpenAI } = await import('@ai-sdk/openai')
      return createOpenAI(settings)
    },
    async loadBatches(settings) {
      const { createOpenAI } = await import('@ai-sdk/openai')
      return createOpenAI(settings).experimental_batch()
    },
    loadEmbedder: loadOpenAiEmbedder,
  },
  google: {
    keyNames: ['GOOGLE_GENERATIVE_AI_API_KEY', 'GEMINI_API_KEY'],
    package: '@ai-sdk/google',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    wire: 'google',
    async load(settings) {
      const { createGoogle } = await import('@ai-sdk/google')
      return createGoogle(settings)
    },
    async loadEmbedder(settings) {
      const { createGoogle } = await import('@ai-sdk/google')
      return createGoogle(settings).embedding
    },
  },
  ollama: compatible([], 'http://127.0.0.1:11434/v1'),
}

/** A server that speaks OpenAI's chat completions. */
function compatible(keyNames: string[], baseUrl: string): Provider {
  return {
    keyNames,
    package: '@ai-sdk/openai',
    baseUrl,
    wire: 'openai-chat',
    async load(settings) {
      const { createOpenAI } = await import('@ai-sdk/openai')
      return createOpenAI({ ...settings, name: 'openai-compatible' }).chat
    },
    loadEmbedder: loadOpenAiEmbedder,
  }
}

async function loadOpenAiEmbedder(settings: Settings): Promise<(model: string) => SdkEmbedder> {
  const { createOpenAI } = await import('@ai-sdk/openai')
  return createOpenAI(settings).embedding
}

/**
 * Reads `anthropic/…`, `openai/…`, `google/…`, `ollama/…`, or `ANYTHING/…` of an OpenAI-compatible server, whose
 * address is `baseUrl` or in the variable `ANYTHING_BASE_URL` (for Ollama `OLLAMA_BASE_URL`, when it is not here).
 * @throws `bad-model-name`, `unknown-provider`, `bad-base-url`
 */
export function referenceTo(name: string, given?: string, keys: ProviderKeys = {}): ModelReference {
  const slash = name.indexOf('/')
  if (slash < 1 || slash === name.length - 1) {
    throw new ReeveError(
      'bad-model-name',
      `"${name}" does not name a model. Write provider/model, such as anthropic/claude-haiku-4-5 or ollama/llama3.2.`,
    )
  }
  const provider = name.slice(0, slash)
  const variable = variableOf(provider, 'BASE_URL')
  const baseUrl = given ?? (hasOwnAddress(provider) ? undefined : addressIn(variable, keys[variable]))
  if (!Object.hasOwn(providers, provider) && baseUrl === undefined) {
    const near = nearestName(provider, Object.keys(providers))
    throw new ReeveError(
      'unknown-provider',
      `"${provider}" of "${name}" is not a provider that Reeve knows (${Object.keys(providers).join(', ')}), and ${variable} is not set. ${near === undefined ? 'Set' : `Did you mean ${near}/${name.slice(slash + 1)}? Else set`} ${variable} to the address of its OpenAI-compatible server, give its \`baseUrl\`, or pass an AI SDK model.`,
      { details: { model: name, variables: [variable], ...(near !== undefined && { near }) } },
    )
  }
  const reference: ModelReference = { name, provider, model: name.slice(slash + 1) }
  if (baseUrl !== undefined) reference.baseUrl = baseUrl
  return reference
}

/**
 * The same, where a server's address that is not set keeps only this model from being asked. A name that is like that of a
 * provider is taken for misspelt. @throws as `referenceTo`
 */
export function referenceIfSet(
  ...asked: Parameters<typeof referenceTo>
): { reference: ModelReference } | { unusable: ReeveError } {
  try {
    return { reference: referenceTo(...asked) }
  } catch (error) {
    const isUnset = error instanceof ReeveError && error.code === 'unknown-provider'
    if (!isUnset || error.details.near !== undefined) throw error
    return { unusable: error }
  }
}

/** The error that says which key is missing; undefined when the model can be used. */
export function missingKey(reference: ModelReference, keys: ProviderKeys): ReeveError | undefined {
  const { keyNames } = providerOf(reference)
  if (keyNames.length === 0 || keyOf(reference, keys)) return undefined
  const names = keyNames.join(' or ')
  return new ReeveError(
    'missing-key',
    `${reference.name} needs a key: ${names} is not set. Set it in the environment, or take this model out of the route.`,
    { details: { model: reference.name, variables: keyNames } },
  )
}

export function keyOf(reference: ModelReference, keys: ProviderKeys): string | undefined {
  const name = keyNameOf(reference, keys)
  return name && keys[name]
}

/** The same for a request that is about to be made: whoever keeps the key hears that it is used. */
export function keyToSend(reference: ModelReference, keys: ProviderKeys): string | undefined {
  const name = keyNameOf(reference, keys)
  if (name !== undefined) keys[keyUsed]?.(name)
  return name && keys[name]
}

/** The variable that the key comes from; undefined when there is none. */
export function keyNameOf(reference: ModelReference, keys: ProviderKeys): string | undefined {
  const names = providerOf(reference).keyNames
  const own = names.length > 0 ? names : [variableOf(reference.provider, 'API_KEY')]
  return own.find((name) => keys[name] !== undefined && keys[name] !== '')
}

/** The variables that may hold the keys of the providers that Reeve knows by name. */
export const knownKeyNames: readonly string[] = Object.values(providers).flatMap(({ keyNames }) => keyNames)

/** The protocol that it speaks. */
export function wireOf(reference: ModelReference): WireName {
  return providerOf(reference).wire
}

/** Where its questions go. */
export function addressOf(reference: ModelReference): string {
  return reference.baseUrl ?? providerOf(reference).baseUrl
}

function variableOf(provider: string, what: 'API_KEY' | 'BASE_URL'): string {
  return `${provider.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_${what}`
}

/** A provider's own keys go nowhere but to the provider, whatever the environment says. */
function hasOwnAddress(provider: string): boolean {
  return Object.hasOwn(providers, provider) && providers[provider]!.keyNames.length > 0
}

/** @throws `bad-base-url` */
function addressIn(variable: string, value: string | undefined): string | undefined {
  const text = value?.trim() ?? ''
  if (text === '') return undefined
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash)
    return /^\/(?:api\/?)?$/.test(url.pathname) ? `${url.origin}/v1` : text.replace(/\/+$/, '')
  throw new ReeveError(
    'bad-base-url',
    `${variable} is not an address of a server. Write http://HOST:PORT/v1, without user, password or query; a key goes into ${variable.replace(/BASE_URL$/, 'API_KEY')}.`,
  )
}

/** Whether the model runs on a machine of the user's own and costs nothing by the token. */
export function isSelfHosted(reference: ModelReference): boolean {
  if (reference.provider === 'ollama') return true
  if (reference.baseUrl === undefined || Object.hasOwn(providers, reference.provider)) return false
  const host = URL.parse(reference.baseUrl)?.hostname ?? ''
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host)
}

/** Whether schemas are sent to the provider beside the prompt; unknown servers only get them in the prompt. */
export function takesSchemas(reference: ModelReference): boolean {
  return Object.hasOwn(providers, reference.provider)
}

/** Loads the provider's package on first use. @throws `missing-package` */
export async function loadModel(reference: ModelReference, keys: ProviderKeys): Promise<SdkModel> {
  const provider = providerOf(reference)
  const settings = settingsOf(reference, keys)
  const create = await importProvider(provider.package, () => provider.load(settings))
  return create(reference.model)
}

/** As `loadModel`, for the providers that have embedding models. @throws `missing-package` `no-embeddings` */
export async function loadEmbeddingModel(
  reference: ModelReference,
  keys: ProviderKeys,
): Promise<SdkEmbedder> {
  const provider = providerOf(reference)
  if (!provider.loadEmbedder)
    throw new ReeveError('no-embeddings', `${reference.provider} has no embedding models.`)
  const settings = settingsOf(reference, keys)
  const create = await importProvider(provider.package, () => provider.loadEmbedder!(settings))
  return create(reference.model)
}

export function hasBatches(reference: ModelReference): boolean {
  return providerOf(reference).loadBatches !== undefined
}

/** As `loadModel`, for the batches of a provider that has them. @throws `missing-package` */
export async function loadBatches(
  reference: ModelReference,
  keys: ProviderKeys,
  over: typeof fetch,
): Promise<BatchApi> {
  const provider = providerOf(reference)
  const settings = settingsOf(reference, keys, over)
  return importProvider(provider.package, () => provider.loadBatches!(settings))
}

function settingsOf(reference: ModelReference, keys: ProviderKeys, over?: typeof fetch): Settings {
  return {
    apiKey: keyToSend(reference, keys) ?? 'none',
    baseURL: addressOf(reference),
    fetch: savingFetch(providerOf(reference).wire, over),
  }
}

/** The AI SDK. @throws `missing-package` */
export function importSdk(): Promise<typeof import('ai')> {
  return importOptional(['ai'], 'Hosted models', () => import('ai'))
}

function importProvider<T>(name: string, load: () => Promise<T>): Promise<T> {
  return importOptional([name, 'ai'], 'Hosted models', load)
}

function providerOf(reference: ModelReference): Provider {
  return Object.hasOwn(providers, reference.provider)
    ? providers[reference.provider]!
    : compatible([], reference.baseUrl ?? '')
}
