/// <reference types="node" preserve="true" />

/**
 * Slack: messages, threads, people, events, buttons.
 * @module
 */

export { slack } from './slack.ts'
