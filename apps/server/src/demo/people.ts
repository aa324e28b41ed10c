import type { Person } from './story-types.ts'

/** The team of a small studio in Đà Nẵng that builds an app for shared bicycles. The first is whom a visitor becomes. */
export const people: readonly Person[] = [
  { username: 'linh.tran', name: 'Trần Thùy Linh' },
  { username: 'minh.nguyen', name: 'Nguyễn Quang Minh' },
  { username: 'sarah.cole', name: 'Sarah Cole' },
  { username: 'an.pham', name: 'Phạm Bảo An' },
  { username: 'james.okafor', name: 'James Okafor' },
  { username: 'huong.le', name: 'Lê Thu Hương' },
  { username: 'duc.vo', name: 'Võ Minh Đức' },
  { username: 'emily.hart', name: 'Emily Hart' },
  { username: 'tuan.dang', name: 'Đặng Anh Tuấn' },
  { username: 'mai.hoang', name: 'Hoàng Ngọc Mai' },
  { username: 'tom.becker', name: 'Tom Becker' },
  { username: 'khanh.bui', name: 'Bùi Gia Khánh' },
]
