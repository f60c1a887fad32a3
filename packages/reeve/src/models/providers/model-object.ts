// What callers give to solvers over the AI SDK, without its types: it is an optional package, and declarations that
// name it would not compile in a project that has none.

/** A model as an AI SDK object, such as `anthropic('claude-haiku-4-5')`. */
export interface LanguageModelObject {
  readonly specificationVersion: string
  readonly provider: string
  readonly modelId: string
  doGenerate(options: never): PromiseLike<unknown>
  doStream(options: never): PromiseLike<unknown>
}

/** An embedding model as an AI SDK object, such as `openai.embedding('text-embedding-3-small')`. */
export interface EmbeddingModelObject {
  readonly specificationVersion: string
  readonly provider: string
  readonly modelId: string
  readonly maxEmbeddingsPerCall: PromiseLike<number | undefined> | number | undefined
  doEmbed(options: never): PromiseLike<unknown>
}

/** ProviderKeys and other settings by the name of their environment variable; read by whoever owns the environment. */
export type ProviderKeys = Readonly<Record<string, string | undefined>> & {
  /** Hears that the key of this name is sent. */
  readonly [keyUsed]?: (name: string) => void
}

export const keyUsed: unique symbol = Symbol('the key is used')
