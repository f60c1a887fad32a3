/// <reference types="node" preserve="true" />

/**
 * HubSpot's CRM: contacts, companies and deals.
 * @module
 */

export { hubspot } from './hubspot.ts'
