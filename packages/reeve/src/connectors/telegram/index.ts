/// <reference types="node" preserve="true" />

/**
 * Telegram: messages of a bot, and what people write to it.
 * @module
 */

export { telegram } from './telegram.ts'
