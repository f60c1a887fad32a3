import { z } from 'zod'

/** What a project says of its storage. */
export const settings = z.object({
  /** Which bucket. The tools reach no other. */
  bucket: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      'a bucket has 3 to 63 small letters, digits, dots and dashes',
    )
    .default('shop-files'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{2,40}$/)
    .default('eu-central-1'),
  /** Where it answers, for storage of others than Amazon: `https://ACCOUNT.r2.cloudflarestorage.com`. */
  endpoint: z.url({ protocol: /^https$/ }).optional(),
  /** Only what begins with it is reached. */
  prefix: z.string().max(512).default(''),
  /** Which folder of this machine `upload` takes files from. Absent: it takes none. */
  folder: z.string().optional(),
})

export type S3Settings = z.output<typeof settings>

export function endpointOf({ endpoint, region }: S3Settings): string {
  return endpoint?.replace(/\/$/, '') ?? `https://s3.${region}.amazonaws.com`
}
