/** What the files service promises: uploads, thumbnails, and who may see them. */
import { defineContract, type ServiceOf } from './contract.ts'

export const filesContract = defineContract('files', {})

export type FilesService = ServiceOf<typeof filesContract>
