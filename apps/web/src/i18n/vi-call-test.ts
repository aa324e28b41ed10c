import type { WithoutOne } from './en.ts'
import type { callTest as en } from './en-call-test.ts'

/** Tiếng Việt của phần tự kiểm tra cuộc gọi và cài đặt cuộc gọi. */
export const callTest: WithoutOne<typeof en> = {
  title: 'Kiểm tra cuộc gọi',
  intro:
    'Lần lượt xem thiết bị này, mạng và máy chủ có gọi được không. Mất khoảng nửa phút. Không ai thấy hay nghe bạn.',
  ask: 'Trình duyệt sẽ hỏi Parley có được dùng máy quay và micrô không. Hãy nói vài lời khi máy đang nghe.',
  start: 'Bắt đầu kiểm tra',
  again: 'Kiểm tra lại',
  stop: 'Dừng',
  copy: 'Sao chép báo cáo',
  copied: 'Đã sao chép báo cáo',
  copyFailed: 'Không sao chép được báo cáo.',
  running: 'Đang kiểm tra…',
  steps: 'Các bước kiểm tra',
  step: {
    page: 'Trang này',
    camera: 'Máy quay',
    microphone: 'Micrô',
    speakers: 'Loa',
    server: 'Kết nối với máy chủ',
    stun: 'Địa chỉ của bạn (STUN)',
    turn: 'Chuyển tiếp (TURN)',
    path: 'Đường truyền',
    sfu: 'Máy chủ media cho cuộc gọi đông người',
  },
  transport: { udp: 'qua UDP', tcp: 'qua TCP', tls: 'qua TLS' },
  doing: {
    page: 'Đang xem…',
    camera: 'Đang nhìn qua máy quay…',
    microphone: 'Đang nghe… Hãy nói vài lời.',
    speakers: 'Đang phát một âm…',
    server: 'Đang hỏi máy chủ…',
    stun: 'Đang hỏi địa chỉ mà bên ngoài thấy…',
    turn: 'Đang xin chuyển tiếp…',
    path: 'Đang gửi thử trong ba giây…',
    sfu: 'Đang hỏi máy chủ…',
  },
  heard: 'Bạn có nghe thấy âm thanh không?',
  heardYes: 'Có',
  heardNo: 'Không',
  heardAgain: 'Phát lại',
  level: {
    good: 'tốt',
    note: 'ghi chú',
    warning: 'cảnh báo',
    fault: 'lỗi',
    skipped: 'bỏ qua',
  },
  result: {
    good: 'Mọi thứ đều tốt: bạn gọi được.',
    note: 'Bạn gọi được. Có vài ghi chú bên dưới.',
    warning: 'Gọi được, nhưng không phải với mọi người hoặc chưa tốt: xem bên dưới.',
    fault: 'Có điều không ổn: xem bên dưới.',
    skipped: 'Chưa kiểm tra gì.',
  },
  verdict: {
    skipped: 'Bỏ qua, vì một bước trước đã lỗi.',
    pageGood: 'Địa chỉ an toàn, và trình duyệt này gọi được.',
    pageInsecure:
      'Địa chỉ không bắt đầu bằng https, nên trình duyệt không cho trang nào dùng máy quay hay micrô. Người quản lý máy chủ cần thiết lập TLS.',
    pageUnsupported:
      'Trình duyệt này không có WebRTC, hoặc WebRTC đã bị tắt. Hãy dùng Firefox, Chrome, Edge hoặc Safari bản mới.',
    cameraGood: 'Máy quay gửi được hình ({{size}}).',
    cameraDenied:
      'Trình duyệt không cho Parley dùng máy quay. Nhấn vào biểu tượng cạnh địa chỉ ở phía trên, cho phép máy quay, rồi kiểm tra lại. Nếu ở đó không có gì để cho phép, hãy xem cài đặt quyền riêng tư của hệ thống.',
    cameraMissing:
      'Không tìm thấy máy quay. Vẫn gọi được bằng âm thanh; muốn có hình thì cắm máy quay, hoặc xem hệ thống có nhận nó không.',
    cameraBusy:
      'Có máy quay nhưng không mở được: có lẽ chương trình khác đang dùng. Hãy đóng chương trình đó rồi kiểm tra lại.',
    cameraUnknown: 'Không mở được máy quay. Hãy rút ra, cắm lại rồi kiểm tra lại.',
    cameraNoPicture:
      'Máy quay đã mở nhưng không gửi hình. Xem trên máy quay có công tắc không, hoặc chọn máy quay khác trong cài đặt.',
    cameraBlack: 'Hình màu đen. Mở nắp che ống kính, bật đèn, hoặc chọn máy quay khác trong cài đặt.',
    microphoneGood: 'Micrô nghe thấy bạn ({{decibels}} dB).',
    microphoneDenied:
      'Trình duyệt không cho Parley dùng micrô. Nhấn vào biểu tượng cạnh địa chỉ ở phía trên, cho phép micrô, rồi kiểm tra lại. Nếu ở đó không có gì để cho phép, hãy xem cài đặt quyền riêng tư của hệ thống.',
    microphoneMissing: 'Không tìm thấy micrô. Hãy cắm micrô, hoặc xem hệ thống có nhận nó không.',
    microphoneBusy:
      'Có micrô nhưng không mở được: có lẽ chương trình khác đang dùng. Hãy đóng chương trình đó rồi kiểm tra lại.',
    microphoneUnknown: 'Không mở được micrô. Hãy rút ra, cắm lại rồi kiểm tra lại.',
    microphoneSilent:
      'Micrô “{{label}}” im lặng: không có tín hiệu nào. Tìm công tắc trên micrô hoặc tai nghe, tăng âm lượng micrô trong cài đặt hệ thống, hoặc chọn micrô khác trong cài đặt.',
    microphoneQuiet:
      'Micrô “{{label}}” gần như không nghe thấy gì. Nếu bạn đã nói, hãy lại gần hơn hoặc tăng âm lượng micrô trong cài đặt hệ thống.',
    microphoneUnheard: 'Micrô đã mở, nhưng trình duyệt không cho phần kiểm tra nghe. Hãy kiểm tra lại.',
    speakersGood: 'Bạn đã nghe thấy âm thanh.',
    speakersUnheard:
      'Bạn không nghe thấy gì. Tăng âm lượng của hệ thống và trình duyệt, xem thẻ này có bị tắt tiếng không, hoặc chọn loa khác trong cài đặt.',
    speakersRefused:
      'Trình duyệt không phát âm thanh. Cho phép âm thanh của trang này cạnh địa chỉ, rồi kiểm tra lại.',
    serverGood: 'Đã kết nối, và phần cuộc gọi trả lời trong {{ms}} ms.',
    serverStandby:
      'Đã kết nối, nhưng chỉ qua đường dự phòng ({{ms}} ms): một mạng trên đường chặn WebSocket. Chuông sẽ reo chậm hơn. Người quản lý máy chủ nên xem proxy có cho WebSocket đi qua không.',
    serverOffline: 'Không có kết nối với máy chủ. Hãy xem lại mạng rồi kiểm tra lại.',
    serverNoCalls:
      'Máy chủ không trả lời về cuộc gọi. Người quản lý máy chủ nên xem vai trò “calls” có đang chạy không.',
    stunGood: 'STUN của máy chủ trả lời trong {{ms}} ms, nên tìm được đường trực tiếp đến người khác.',
    stunSame: 'Thiết bị của bạn có đúng địa chỉ mà bên ngoài thấy; không có gì ở giữa.',
    stunNone:
      'Máy chủ này không có STUN. Trong cùng một mạng vẫn gọi được; ngoài ra phải đi qua chuyển tiếp.',
    stunUnreachable:
      'STUN không trả lời. Có lẽ tường lửa phía bạn chặn UDP, hoặc địa chỉ trong cài đặt của máy chủ bị sai. Khi đó cuộc gọi phải đi qua chuyển tiếp.',
    turnGood: 'Máy chuyển tiếp trả lời trong {{ms}} ms.',
    turnNone:
      'Máy chủ này không có máy chuyển tiếp (TURN). Không gọi được cho người ở sau tường lửa chặt. Người quản lý máy chủ nên thiết lập một máy.',
    turnSecret:
      'Máy chuyển tiếp không chấp nhận máy chủ (401): mã bí mật của nó khác với mã trong cài đặt của Parley. Người quản lý máy chủ cần đặt hai mã giống nhau.',
    turnUnreachable:
      'Không đến được máy chuyển tiếp theo cách này. Cổng của nó đóng, tường lửa trên đường chặn nó, chứng chỉ không khớp, hoặc địa chỉ trong cài đặt của máy chủ bị sai.',
    turnNothing:
      'Máy chuyển tiếp không cho gì, và trình duyệt không nói vì sao. Hãy thử bằng trình duyệt khác.',
    turnFull: 'Máy chuyển tiếp hiện không còn chỗ. Hãy thử lại sau, hoặc báo cho người quản lý máy chủ.',
    turnRefused: 'Máy chuyển tiếp từ chối (mã {{code}}). Hãy báo cho người quản lý máy chủ.',
    pathRelayGood:
      'Qua chuyển tiếp: {{kilobits}} kbit/s, {{ms}} ms đi và về, mất {{percent}} %. Tốt cho âm thanh và hình.',
    pathDirectGood:
      'Không qua chuyển tiếp: {{kilobits}} kbit/s, {{ms}} ms đi và về, mất {{percent}} %. Tốt cho âm thanh và hình.',
    pathRelayNone:
      'Có máy chuyển tiếp, nhưng không gì đi qua được. Có lẽ các cổng media của nó (mặc định UDP 49152–65535) đang đóng. Người quản lý máy chủ cần mở chúng.',
    pathDirectNone:
      'Hai kết nối của trình duyệt này không tìm thấy nhau. Có thứ trên thiết bị này chặn WebRTC: tiện ích, VPN hoặc tường lửa.',
    pathBad:
      'Đường truyền không tải được cuộc gọi: {{kilobits}} kbit/s, {{ms}} ms đi và về, mất {{percent}} %. Hãy lại gần Wi-Fi, dùng dây cáp, hoặc dừng những thứ đang tải xuống.',
    pathLossy:
      'Đường truyền làm mất {{percent}} % dữ liệu ({{kilobits}} kbit/s, {{ms}} ms): âm thanh và hình sẽ ngắt quãng. Hãy lại gần Wi-Fi, hoặc dùng dây cáp.',
    pathNarrow:
      'Đường truyền tải {{kilobits}} kbit/s ({{ms}} ms, mất {{percent}} %): đủ cho âm thanh; hình sẽ nhỏ.',
    pathSlow:
      'Đi và về mất {{ms}} ms ({{kilobits}} kbit/s, mất {{percent}} %): mọi người dễ nói chồng lên nhau. Dùng dây cáp thay cho Wi-Fi hay dữ liệu di động có thể tốt hơn.',
    sfuGood: '{{up}} trên {{configured}} máy trả lời: gọi đông người được.',
    sfuNone: 'Chưa thiết lập máy nào. Cuộc gọi có tối đa bốn người có hình, tám người chỉ có âm thanh.',
    sfuSome:
      '{{up}} trên {{configured}} máy trả lời. Gọi đông người được; người quản lý máy chủ nên xem các máy còn lại.',
    sfuDown:
      'Không máy nào trong {{configured}} máy trả lời, nên cuộc gọi đông hơn bị từ chối. Người quản lý máy chủ nên xem Janus có đang chạy không.',
  },
  report: {
    title: 'Parley: kiểm tra cuộc gọi',
    when: 'Thời điểm',
    browser: 'Trình duyệt',
    address: 'Địa chỉ',
  },
  settings: {
    heading: 'Cuộc gọi',
    devices: 'Thiết bị',
    allow: 'Hiện tên các thiết bị',
    allowHint: 'Trình duyệt chỉ cho biết tên khi Parley được dùng micrô hoặc máy quay.',
    allowFailed: 'Trình duyệt không cho Parley dùng chúng.',
    pushToTalk: 'Giữ phím cách để nói khi micrô đang tắt',
    letterKeys: 'Trong cuộc gọi, phím M bật tắt micrô, V bật tắt máy quay và S chia sẻ màn hình',
    relayOnly: 'Ẩn địa chỉ mạng của tôi',
    relayHint:
      'Khi đó những người khác trong cuộc gọi chỉ thấy địa chỉ máy chuyển tiếp của máy chủ. Có hiệu lực từ cuộc gọi sau; có thể chậm hơn một chút, và cần máy chuyển tiếp (TURN).',
    ring: 'Đổ chuông trên thiết bị này',
    ringHint: 'Khi bạn không muốn bị làm phiền thì chuông vẫn im lặng.',
    test: 'Kiểm tra cuộc gọi trên thiết bị này',
    testHint: 'Xem máy quay, micrô, mạng và máy chủ có gọi được không.',
    failed: 'Cuộc gọi hiện tại không dùng được thiết bị này.',
  },
}
