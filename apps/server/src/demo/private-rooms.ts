import type { Conversation } from './story-types.ts'

export const privateRooms: readonly Conversation[] = [
  {
    key: 'trip',
    kind: 'group',
    name: 'Chuyến đi Hội An 🏮',
    members: ['linh.tran', 'mai.hoang', 'an.pham', 'sarah.cole', 'khanh.bui'],
    unreadFor: ['linh.tran'],
    lines: [
      {
        by: 'linh.tran',
        says: 'Cuối tuần này mình đạp xe đi Hội An nhé! 30 km, đi sớm cho mát.',
        as: 'trip',
        liked: { '🚲': ['mai.hoang', 'an.pham', 'khanh.bui'], '😍': ['sarah.cole'] },
      },
      { by: 'sarah.cole', says: 'I am in! What time is "early"?', to: 'trip', as: 'early' },
      { by: 'mai.hoang', says: '5 giờ sáng 🙂', to: 'early', liked: { '😱': ['sarah.cole', 'khanh.bui'] } },
      { by: 'an.pham', says: 'Xe số 118 và 204 vừa bảo dưỡng xong, mình giữ hai chiếc đó nhé.' },
      {
        by: 'khanh.bui',
        says: 'Em mang bánh mì cho cả đội!',
        liked: { '🥖': ['linh.tran', 'mai.hoang', 'an.pham', 'sarah.cole'] },
      },
      {
        by: 'mai.hoang',
        says: 'Nhớ mang áo mưa, dự báo chiều có mưa rào.',
        thenEdited: 'Nhớ mang áo mưa và kem chống nắng: sáng nắng, chiều mưa rào.',
      },
      {
        by: 'linh.tran',
        says: 'Gặp nhau ở cầu Rồng lúc 5:00. Ai trễ trả tiền cà phê!',
        pinnedBy: 'linh.tran',
        liked: { '😂': ['an.pham', 'khanh.bui'], '☕': ['mai.hoang'] },
      },
      { by: 'sarah.cole', says: 'I will sleep on the bridge then.' },
    ],
  },
  {
    key: 'oncall',
    kind: 'group',
    name: 'On call',
    members: ['minh.nguyen', 'duc.vo', 'tuan.dang', 'james.okafor', 'tom.becker'],
    lines: [
      {
        by: 'tom.becker',
        says: 'Unlocking takes 8 seconds in Sơn Trà since 7:42. Looking.',
        as: 'slow',
        liked: { '👀': ['minh.nguyen', 'duc.vo'] },
      },
      { by: 'duc.vo', says: 'Em thấy hàng đợi của trạm 31–36 dài ra, chắc do SIM.', to: 'slow' },
      {
        by: 'tom.becker',
        says: 'Confirmed: the operator dropped a cell. Switched these stations to the second SIM.',
      },
      {
        by: 'tom.becker',
        says: 'Back to 1.2 s at 8:05. I will write it up after lunch.',
        liked: { '🙏': ['minh.nguyen', 'james.okafor'], '👏': ['duc.vo', 'tuan.dang'] },
      },
      {
        by: 'minh.nguyen',
        says: 'Cảm ơn Tom! Mình thêm cảnh báo khi một trạm chậm hơn 3 giây nhé, @tuan.dang?',
        as: 'alert',
      },
      {
        by: 'tuan.dang',
        says: 'Dạ, mai em làm.',
        to: 'alert',
        thenEdited: 'Dạ, em làm xong rồi: cảnh báo khi quá 3 giây trong 2 phút.',
      },
    ],
  },
  {
    key: 'linh-minh',
    kind: 'direct',
    name: '',
    members: ['linh.tran', 'minh.nguyen'],
    unreadFor: ['linh.tran'],
    lines: [
      { by: 'linh.tran', says: 'Anh Minh ơi, slide cho buổi demo thứ Hai em để trong thư mục chung rồi ạ.' },
      {
        by: 'minh.nguyen',
        says: 'Anh xem rồi, đẹp lắm! Trang 7 mình thêm số chuyến theo giờ được không?',
        as: 'slide',
      },
      { by: 'linh.tran', says: 'Dạ được, em thêm ngay.', to: 'slide', liked: { '👍': ['minh.nguyen'] } },
      { by: 'minh.nguyen', says: 'Tuyệt. Thứ Hai em trình bày phần đó luôn nhé 💪' },
    ],
  },
  {
    key: 'linh-sarah',
    kind: 'direct',
    name: '',
    members: ['sarah.cole', 'linh.tran'],
    lines: [
      { by: 'sarah.cole', says: 'How do I say "no sugar, please"?', as: 'sugar' },
      {
        by: 'linh.tran',
        says: '"Cho em không đường ạ." Say it with a smile and you get a discount.',
        to: 'sugar',
        liked: { '😂': ['sarah.cole'] },
      },
      { by: 'sarah.cole', says: 'Cho em không đường ạ!!' },
      { by: 'linh.tran', says: 'Hoàn hảo 👏', liked: { '❤️': ['sarah.cole'] } },
    ],
  },
  {
    key: 'an-khanh',
    kind: 'direct',
    name: '',
    members: ['an.pham', 'khanh.bui'],
    lines: [
      { by: 'an.pham', says: 'Ngày đầu thế nào em?' },
      {
        by: 'khanh.bui',
        says: 'Vui lắm anh! Em chạy được dự án rồi, chỉ một lệnh là xong.',
        liked: { '🎉': ['an.pham'] },
      },
      { by: 'an.pham', says: 'Chiều anh em mình ghép cặp phần bản đồ nhé.' },
    ],
  },
  {
    key: 'emily-james',
    kind: 'direct',
    name: '',
    members: ['emily.hart', 'james.okafor'],
    lines: [
      {
        by: 'emily.hart',
        says: 'The city council liked the safety numbers. They ask for them per district.',
        as: 'council',
      },
      {
        by: 'james.okafor',
        says: 'I can have that by Tuesday, with a map.',
        to: 'council',
        liked: { '🙌': ['emily.hart'] },
      },
    ],
  },
]
