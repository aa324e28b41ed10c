import 'react'

/** Custom properties in `style`: React sets them through the CSSOM, which the CSP allows. */
declare module 'react' {
  interface CSSProperties {
    [custom: `--${string}`]: string | number | undefined
  }
}
