/// <reference types="node" preserve="true" />

/**
 * Google Calendar: events, free and busy times, what changes.
 * @module
 */

export { googleCalendar } from './google-calendar.ts'
