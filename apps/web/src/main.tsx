import { createParley } from '@parley/sdk'
import { mount } from './app/mount.tsx'

await mount(createParley())
