import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

/** The one accent: a calm green, from its palest to its darkest. */
const moss: MantineColorsTuple = [
  '#eef6f2',
  '#e5efe9',
  '#c3ddd0',
  '#9dcbb4',
  '#7cc4a4',
  '#4a9a7b',
  '#2f7a60',
  '#1f5f4a',
  '#184b3a',
  '#10372b',
]

/** The greys of the dark theme, from what is written to what lies deepest. */
const dark: MantineColorsTuple = [
  '#e8e6e1',
  '#c4c6c8',
  '#9ea3aa',
  '#868b92',
  '#3c4146',
  '#2c3034',
  '#1d2023',
  '#16181a',
  '#121415',
  '#0d0e0f',
]

/** The library takes its colours from those of `styles.css`, which change with the theme. */
const ours = {
  '--mantine-color-body': 'var(--bg)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--soft)',
  '--mantine-color-placeholder': 'var(--soft)',
  '--mantine-color-default': 'var(--panel)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-hover': 'var(--bg)',
  '--mantine-color-default-border': 'var(--edge)',
}
export const variables: CSSVariablesResolver = () => ({ variables: {}, light: ours, dark: ours })

export const theme = createTheme({
  primaryColor: 'moss',
  primaryShade: { light: 7, dark: 6 },
  colors: { moss, dark },
  autoContrast: true,
  defaultRadius: 8,
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '15px', lg: '17px', xl: '20px' },
  respectReducedMotion: true,
  components: {
    Button: {
      styles: (_theme: unknown, { variant }: { variant?: string }) => ({
        label: { fontSize: 15, fontWeight: variant === undefined || variant === 'filled' ? 600 : 450 },
      }),
    },
  },
})
