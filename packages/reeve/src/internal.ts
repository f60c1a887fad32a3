/// <reference types="node" preserve="true" />

/**
 * For Reeve's own packages and benches: what a runtime is composed of, its database among it. Nothing here is part of
 * the public interface; it may change with any version.
 * @module
 */

export { correctAnswer } from './engine/outside/correct-answer.ts'
export { internalsOf, type RuntimeInternals } from './runtime/runtime.ts'
export { openBrowser } from './server/open-browser.ts'
export { openPage, type Page, type PageOptions } from './server/open-page.ts'
