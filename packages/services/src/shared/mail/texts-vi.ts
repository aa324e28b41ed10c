import type { MailTexts } from './texts.ts'

export const vi: MailTexts = {
  hello: (name) => `Chào ${name},`,
  from: (host) => `Thư này được gửi từ máy chủ Parley tại ${host}.`,
  verify: {
    subject: 'Xác nhận địa chỉ e-mail của bạn',
    words: (username) =>
      `Vui lòng xác nhận địa chỉ này thuộc về tài khoản “${username}”. Liên kết có hiệu lực trong 24 giờ.`,
    action: 'Xác nhận địa chỉ',
    otherwise: 'Nếu tài khoản này không phải của bạn, bạn không cần làm gì: địa chỉ sẽ không được xác nhận.',
  },
  reset: {
    subject: 'Chọn mật khẩu mới',
    words: (username) =>
      `Có người, chúng tôi mong là bạn, đã yêu cầu mật khẩu mới cho tài khoản “${username}”. Liên kết chỉ dùng được một lần, trong vòng một giờ. Sau đó mọi thiết bị sẽ bị đăng xuất.`,
    action: 'Chọn mật khẩu mới',
    otherwise: 'Nếu không phải bạn, bạn không cần làm gì: mật khẩu vẫn giữ nguyên.',
  },
  newDevice: {
    subject: 'Đăng nhập mới vào tài khoản của bạn',
    words: (username) => `Có người vừa đăng nhập vào tài khoản “${username}”.`,
    facts: (device, when, address) => `Thiết bị: ${device}\nThời gian: ${when}\nĐịa chỉ mạng: ${address}`,
    unknownDevice: 'không rõ',
    action: 'Xem các thiết bị đã đăng nhập',
    otherwise:
      'Nếu đó là bạn, bạn không cần làm gì. Nếu không, hãy đăng xuất thiết bị đó và đổi mật khẩu của bạn.',
  },
  digest: {
    subject: (count) => `${count} thông báo chưa đọc dành cho bạn`,
    words: (count) =>
      count === 1 ? 'có một thông báo đang chờ bạn:' : `có ${count} thông báo đang chờ bạn:`,
    direct: (name) => `Trò chuyện với ${name}`,
    what: {
      mention: (name) => `${name} đã nhắc đến bạn`,
      reply: (name) => `${name} đã trả lời bạn`,
      added: (name) => `${name} đã thêm bạn`,
      direct: (name) => name,
      message: (name) => name,
      call: (name) => `Cuộc gọi nhỡ từ ${name}`,
    },
    more: (count) => `Và ${count} thông báo nữa trong hộp thư của bạn.`,
    action: 'Mở hộp thư',
    why: 'Bạn nhận thư này vì có tin nhắn chưa đọc. Gửi sau bao lâu, hoặc không gửi, được chọn trong phần cài đặt, mục “E-mail”.',
    unsubscribe: 'Hủy nhận thư bằng một lần nhấn',
  },
}
