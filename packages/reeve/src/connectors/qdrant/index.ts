/// <reference types="node" preserve="true" />

/**
 * Qdrant: points of vectors that lie outside of Reeve's own memory.
 * @module
 */

export { qdrant } from './qdrant.ts'
