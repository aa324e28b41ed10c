/** Tiếng Việt of how long a room keeps its messages. */
import type { Catalogue, WithoutOne } from './en.ts'

export const storage: WithoutOne<Catalogue['storage']> = {
  title: 'Thời gian lưu tin nhắn',
  forEver: 'Tin nhắn được lưu mãi mãi.',
  until_other: 'Tin nhắn cũ hơn {{count}} ngày sẽ bị xoá.',
  retention: 'Xoá tin nhắn',
  archive: 'Chuyển tin nhắn vào kho lưu trữ',
  archiveHint: 'Trong kho lưu trữ, tin nhắn vẫn đọc và tìm được như trước.',
  server: 'Theo máy chủ ({{what}})',
  never: 'không bao giờ',
  after_other: 'sau {{count}} ngày',
  confirmTitle: 'Xoá tin nhắn cũ?',
  confirm_other:
    'Từ đêm nay, tin nhắn cũ hơn {{count}} ngày và tệp kèm theo sẽ bị xoá vĩnh viễn đối với mọi người.',
  confirmAction: 'Xoá',
  changed: 'Đã thay đổi',
}
