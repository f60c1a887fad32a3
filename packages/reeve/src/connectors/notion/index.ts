/// <reference types="node" preserve="true" />

/**
 * Notion: pages, data sources and comments.
 * @module
 */

export { notion } from './notion.ts'
