/// <reference types="node" preserve="true" />

/**
 * Telegram: messages of a bot, and what people write to it.
 * @module
 */

export { start as startTelegramStandIn, type TelegramStandIn } from './stand-in.ts'
export { telegram } from './telegram.ts'
