import { people } from './people.ts'
import type { Conversation } from './story-types.ts'

const everyone = people.map(({ username }) => username)

export const publicRooms: readonly Conversation[] = [
  {
    key: 'general',
    kind: 'public',
    name: 'general',
    members: everyone,
    unreadFor: ['linh.tran', 'tom.becker'],
    lines: [
      { by: 'minh.nguyen', says: 'Chào buổi sáng cả nhà! Hôm nay mình họp lúc 9:30 nhé, phòng Hải Vân.' },
      {
        by: 'linh.tran',
        says: 'Dạ, em đặt cà phê luôn. Ai uống gì nhắn em trước 9:15 ạ ☕',
        as: 'coffee',
        liked: { '☕': ['an.pham', 'duc.vo', 'sarah.cole'], '❤️': ['mai.hoang'] },
      },
      { by: 'duc.vo', says: 'Cho anh một bạc xỉu nhé.', to: 'coffee' },
      {
        by: 'sarah.cole',
        says: 'Iced black for me please, I am slowly becoming local 😄',
        to: 'coffee',
        liked: { '😂': ['minh.nguyen', 'linh.tran', 'huong.le', 'emily.hart'] },
      },
      {
        by: 'emily.hart',
        says: 'Welcome to the team, @khanh.bui! Khánh joins us today and will work on the map with @an.pham.',
        liked: {
          '👋': ['linh.tran', 'tom.becker', 'james.okafor', 'mai.hoang', 'an.pham'],
          '🎉': ['minh.nguyen', 'sarah.cole'],
        },
      },
      {
        by: 'khanh.bui',
        says: 'Em chào mọi người ạ! Rất vui được tham gia. / Hello everyone, happy to be here!',
        liked: { '❤️': ['emily.hart', 'huong.le', 'linh.tran'] },
      },
      {
        by: 'tom.becker',
        says: 'Reminder: the office is closed on Friday. Please water your plants on Thursday.',
        thenEdited:
          'Reminder: the office is closed on Friday **and** Saturday. Please water your plants on Thursday.',
      },
      {
        by: 'huong.le',
        says: 'Lịch nghỉ và trực của tháng này mình để ở đây:\n\n- Tuần 1: Đức, Mai\n- Tuần 2: Tuấn, James\n- Tuần 3: An, Emily\n- Tuần 4: Minh, Sarah',
        pinnedBy: 'linh.tran',
        liked: { '👍': ['duc.vo', 'mai.hoang', 'tuan.dang'] },
      },
      { by: 'james.okafor', says: 'Could I swap week 2 with somebody? My parents visit.', as: 'swap' },
      {
        by: 'an.pham',
        says: 'Anh đổi với em nhé, em rảnh tuần 2. I will take it, James.',
        to: 'swap',
        liked: { '🙏': ['james.okafor'] },
      },
      {
        by: 'minh.nguyen',
        says: 'Numbers of last week: 4.812 chuyến xe, tăng 12% so với tuần trước 🚲',
        liked: {
          '🚀': ['sarah.cole', 'tom.becker', 'linh.tran'],
          '🎉': ['emily.hart', 'duc.vo', 'mai.hoang', 'khanh.bui'],
        },
      },
      { by: 'emily.hart', says: 'That is our best week so far. Thank you all, really.' },
    ],
  },
  {
    key: 'release',
    kind: 'public',
    name: 'Release 2.4',
    members: [
      'sarah.cole',
      'minh.nguyen',
      'an.pham',
      'duc.vo',
      'tuan.dang',
      'linh.tran',
      'james.okafor',
      'khanh.bui',
    ],
    unreadFor: ['linh.tran'],
    lines: [
      {
        by: 'sarah.cole',
        says: 'Plan for 2.4:\n\n1. Freeze on Wednesday 18:00\n2. Test build on Thursday\n3. Stores on Monday\n\nAnything that is not merged by Wednesday waits for 2.5.',
        pinnedBy: 'sarah.cole',
        as: 'plan',
        liked: { '👍': ['minh.nguyen', 'an.pham', 'duc.vo', 'tuan.dang'] },
      },
      {
        by: 'duc.vo',
        says: 'Phần thanh toán đã xong, đang chờ review. @tuan.dang xem giúp anh nhé.',
        as: 'payment',
      },
      {
        by: 'tuan.dang',
        says: 'Em xem rồi, có hai chỗ nhỏ: làm tròn tiền và thông báo khi mất mạng.',
        to: 'payment',
      },
      {
        by: 'duc.vo',
        says: 'Chuẩn luôn. Anh sửa xong rồi, `roundToDong()` giờ có test.',
        liked: { '✅': ['tuan.dang', 'sarah.cole'] },
      },
      {
        by: 'an.pham',
        says: 'The map is 40% faster on old phones now: we draw only the stations one can see.',
        liked: { '🔥': ['sarah.cole', 'khanh.bui', 'minh.nguyen'], '👏': ['james.okafor'] },
      },
      {
        by: 'james.okafor',
        says: 'Can you share how you measured it? I would like it in the release notes.',
        as: 'measure',
      },
      {
        by: 'an.pham',
        says: 'Median of 20 runs on a 2019 phone: 1.9 s → 1.1 s to the first full frame.',
        to: 'measure',
      },
      {
        by: 'khanh.bui',
        says: 'Em phát hiện một lỗi: tìm "Đà Nẵng" không dấu thì không ra trạm nào.',
        as: 'bug',
      },
      {
        by: 'minh.nguyen',
        says: 'Cảm ơn Khánh! Lỗi này phải sửa trước khi freeze. @an.pham @khanh.bui làm cùng nhau nhé.',
        to: 'bug',
        liked: { '👍': ['khanh.bui', 'an.pham'] },
      },
      {
        by: 'khanh.bui',
        says: 'Xong rồi ạ: giờ "da nang", "Đà Nẵng" và "ĐÀ NẴNG" đều ra cùng kết quả.',
        liked: { '🎉': ['minh.nguyen', 'sarah.cole', 'an.pham', 'linh.tran'] },
      },
      {
        by: 'sarah.cole',
        says: 'Freeze is in. Test build goes out tomorrow morning, please break it.',
        thenEdited: 'Freeze is in. Test build goes out tomorrow at 8:00, please break it.',
      },
      { by: 'tuan.dang', says: 'Sẵn sàng phá 💪', liked: { '😂': ['sarah.cole', 'duc.vo'] } },
    ],
  },
  {
    key: 'design',
    kind: 'public',
    name: 'Thiết kế',
    members: ['mai.hoang', 'linh.tran', 'emily.hart', 'an.pham', 'sarah.cole', 'khanh.bui'],
    lines: [
      {
        by: 'mai.hoang',
        says: 'Mình vừa đổi màu nút "Mở khóa" sang xanh đậm để đọc được ngoài nắng. Mọi người thấy sao?',
        as: 'colour',
      },
      {
        by: 'linh.tran',
        says: 'Đẹp hơn nhiều ạ! Em thử ngoài ban công rồi, đọc rõ lắm.',
        to: 'colour',
        liked: { '☀️': ['mai.hoang'] },
      },
      {
        by: 'emily.hart',
        says: 'Contrast is 7.2:1 now, so it passes AAA as well. Lovely.',
        to: 'colour',
        liked: { '♿': ['mai.hoang', 'sarah.cole'] },
      },
      {
        by: 'an.pham',
        says: 'Could the button stay at the bottom on large phones? My thumb does not reach it.',
      },
      { by: 'mai.hoang', says: 'Hợp lý, để mình làm một bản thử chiều nay.' },
      {
        by: 'mai.hoang',
        says: 'Three versions, please vote: 1️⃣ fixed at the bottom · 2️⃣ floating · 3️⃣ as it is',
        as: 'vote',
        pinnedBy: 'mai.hoang',
        liked: { '1️⃣': ['linh.tran', 'emily.hart', 'an.pham', 'sarah.cole'], '2️⃣': ['khanh.bui'] },
      },
      {
        by: 'sarah.cole',
        says: 'Number one. It is boring and it works.',
        to: 'vote',
        liked: { '💯': ['mai.hoang', 'emily.hart'] },
      },
      { by: 'mai.hoang', says: 'Chốt phương án 1 nhé, cảm ơn cả nhà!' },
    ],
  },
  {
    key: 'lunch',
    kind: 'public',
    name: 'Ăn trưa',
    members: [
      'huong.le',
      'linh.tran',
      'duc.vo',
      'tuan.dang',
      'tom.becker',
      'james.okafor',
      'mai.hoang',
      'emily.hart',
    ],
    lines: [
      {
        by: 'huong.le',
        says: 'Trưa nay ăn gì cả nhà ơi? Mì Quảng hay bún chả cá?',
        as: 'what',
        liked: { '🍜': ['duc.vo', 'linh.tran', 'tuan.dang', 'mai.hoang'], '🐟': ['tom.becker'] },
      },
      {
        by: 'tom.becker',
        says: 'I vote for the fish. And somebody please order for me, last time I got three soups.',
        to: 'what',
        liked: { '😂': ['huong.le', 'linh.tran', 'duc.vo', 'james.okafor', 'emily.hart'] },
      },
      { by: 'duc.vo', says: 'Ba bát cũng được mà Tom 😄' },
      { by: 'james.okafor', says: 'Is there anything without peanuts nearby?', as: 'peanuts' },
      {
        by: 'linh.tran',
        says: 'Quán cô Ba có cơm gà không đậu phộng. They know me, I will tell them.',
        to: 'peanuts',
        liked: { '❤️': ['james.okafor'] },
      },
      {
        by: 'huong.le',
        says: 'Vậy 12:00 xuống sảnh nhé, quán cô Ba!',
        liked: { '👍': ['linh.tran', 'duc.vo', 'tuan.dang', 'tom.becker', 'james.okafor'] },
      },
    ],
  },
]
