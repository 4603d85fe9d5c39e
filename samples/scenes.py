"""The sample pictures, one function each: what is drawn, where, and how it is photographed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import surface
from camera import develop, expose, lamp, lay, seen, tilted
from PIL import Image, ImageDraw
from sheet import (
    LATIN,
    LATIN_BOLD,
    MONO,
    SANS,
    SANS_BOLD,
    SCALE,
    SERIF,
    SERIF_BOLD,
    ZENHEI,
    Box,
    Sheet,
    Style,
)
from surface import Rng


class Picture(NamedTuple):
    """A finished RGB image, its lines in reading order, and where each stands."""

    image: Image.Image
    lines: list[str]
    boxes: list[Box]


def columns(
    sheet: Sheet, baseline: float, stops: Sequence[tuple[float, str]], row: str, style: Style
) -> None:
    """Write the pieces of a row, parted by `|`, at their stops: x and alignment."""
    for (x, align), piece in zip(stops, row.split("|")):
        if piece:
            sheet.write(x, baseline, piece, style, align)


def bar_code(sheet: Sheet, rng: Rng, box: Sequence[float], ink: str) -> None:
    """Fill a box, given as left, top, right, bottom, with bars that code nothing."""
    x, top, right, bottom = box
    while x < right:
        bar, gap = rng.choice([2, 2, 3, 4, 6]), rng.choice([2, 3, 4, 5])
        sheet.box((x, top, x + bar - 1, bottom), ink)
        x += float(bar + gap)


def torn(sheet: Sheet, rng: Rng, teeth: float = 7) -> None:
    """Cut the top and bottom edge of a sheet as a printer's tear bar does."""
    wide, high = sheet.image.size
    mask = Image.new("L", (wide, high), 255)
    draw = ImageDraw.Draw(mask)
    step = round(teeth * SCALE)
    for left in range(-step, wide, step):
        deep = step * (0.55 + 0.1 * float(rng.standard_normal()))
        draw.polygon([(left, 0), (left + step, 0), (left + step / 2, deep)], 0)
        draw.polygon([(left, high), (left + step, high), (left + step / 2, high - deep)], 0)
    sheet.image.putalpha(mask)


def print_thermal(ink: Sheet, rng: Rng, paper: str) -> None:
    """Put the ink of a sheet on thermal paper: dots of uneven heat, and a slight curl."""
    wide, high = ink.image.size
    heads = surface.noise(rng, (wide, high), (1, 260))
    dots = surface.noise(rng, (wide, high), (3, 3))
    heat = 0.84 + 0.05 * heads + 0.05 * dots
    alpha = np.asarray(ink.image.getchannel("A"), np.float32) * np.clip(heat, 0, 1)
    crease = surface.noise(rng, (wide, high), (300, 90)) * 0.012
    waves = np.sin(np.linspace(-1.2, 8.5, high)).astype(np.float32)
    sheet = surface.tint(paper, 0.97 + crease + 0.03 * waves[:, None])
    sheet.paste(ink.image.convert("RGB"), mask=Image.fromarray(alpha.astype(np.uint8)))
    ink.image = sheet.convert("RGBA")


def receipt(rng: Rng) -> Picture:
    """Till receipt on a wooden table."""
    ink = "#33333f"
    text, small = Style(ZENHEI, 25, ink), Style(ZENHEI, 22, ink)
    sheet = Sheet(580, 1090)
    sheet.write(290, 84, "晨光便利店", Style(SANS_BOLD, 50, ink, 6), "m")
    sheet.write(290, 128, "MORNING LIGHT STORE", Style(LATIN_BOLD, 23, ink, 1), "m")
    sheet.write(290, 168, "杭州市建设路118号", small, "m")
    sheet.write(36, 222, "2026-03-14 18:42:07", small)
    sheet.write(544, 222, "收银员 007", small, "r")
    stops = [(36, "l"), (416, "r"), (544, "r")]
    columns(sheet, 282, stops, "商品名称|数量|金额", text)
    goods = (
        "纯牛奶 250ml|2x3.80|7.60",
        "全麦面包|1x12.50|12.50",
        "矿泉水 550ml|3x2.00|6.00",
        "红富士苹果|1.26x9.80|12.35",
        "Dark Chocolate|1x18.90|18.90",
        "酸奶 Yogurt|4x5.50|22.00",
    )
    for count, row in enumerate(goods):
        columns(sheet, 340 + 46 * count, stops, row, text)
    for y in (240, 298, 596, 770):
        sheet.path((36, y, 544, y), ink, 1.5)
    sums = ("商品合计||79.35", "会员优惠||-4.35")
    for count, row in enumerate(sums):
        columns(sheet, 640 + 42 * count, stops, row, text)
    columns(sheet, 744, stops, "应付 TOTAL||75.00", Style(SANS_BOLD, 36, ink))
    columns(sheet, 812, stops, "现金 CASH||100.00", text)
    columns(sheet, 854, stops, "找零 CHANGE||25.00", text)
    bar_code(sheet, rng, (110, 886, 470, 946), ink)
    sheet.write(290, 976, "202603140078125", Style(MONO, 20, ink, 5), "m")
    sheet.write(290, 1032, "谢谢惠顾，欢迎再次光临", text, "m")
    print_thermal(sheet, rng, "#f3f1ec")
    torn(sheet, rng)
    scene = surface.wood(rng, 860, 1200, "#8a5f3c")
    place = tilted(430, 600, 580, 1090, 2.5)
    lay(scene, sheet.image, place)
    light = lamp((860, 1200), (0.3, 0.25), 1.5, 0.45) * 1.04
    image = expose(develop(scene, 0.5), rng, light, 3, 1.5)
    return Picture(image, sheet.lines, seen(sheet, place))


def facade(rng: Rng) -> Sheet:
    """Front of a noodle shop: brick, a wooden sign, and the top of a lit window."""
    wall = surface.brick(rng, 1500, 1000, "#8d5a48", "#a59a8c")
    board = Sheet.over(surface.wood(rng, 1060, 400, "#6d1f1a", plank=1300))
    gold = "#e9c46a"
    board.box((14, 14, 1046, 386), outline=gold, width=5, radius=4)
    board.box((26, 26, 1034, 374), outline=gold, width=1.5)
    board.write(530, 208, "老城面馆", Style(SERIF_BOLD, 178, gold, 36, "#2b0806"), "m")
    board.write(530, 278, "OLD TOWN NOODLE HOUSE", Style(LATIN_BOLD, 40, "#f4e4bc", 4), "m")
    board.write(530, 342, "订餐电话 0571-5550 0126", Style(SANS, 40, "#f4e4bc", 2), "m")
    place = tilted(750, 420, 1060, 400, 0)
    lay(wall, board.image, place, (6, 16), 12, 0.65)
    window = Sheet(960, 330, "#2a2320")
    for left in (18, 328, 638):
        pane = surface.plaster(rng, 304, 312, "#e9b765", 0.04)
        window.image.paste(pane, (left * SCALE, 18 * SCALE))
    for left in range(18, 942, 77):
        window.box((left, 18, left + 74, 120 + float(rng.uniform(-4, 4))), "#27365c")
    window.box((0, 0, 960, 26), "#2a2320")
    lay(wall, window.image, tilted(750, 900, 960, 330, 0), (0, -4), 6, 0.5)
    front = Sheet.over(wall)
    front.lines, front.boxes = board.lines, seen(board, place)
    return front


def shop_sign(rng: Rng) -> Picture:
    """Shop sign seen from the pavement, off to the left."""
    front = facade(rng)
    scene = Image.new("RGB", (1160 * SCALE, 800 * SCALE))
    place = [(-190, -190), (1290, -20), (1262, 800), (-230, 1040)]
    lay(scene, front.image, place)
    light = lamp((1160, 800), (0.45, 0.3), 0.75, 0.5) * 1.1
    image = expose(develop(scene, 0.6), rng, light, 4, 2)
    return Picture(image, front.lines, seen(front, place))


PAGE = (
    "城市湿地观鸟手册",
    "A Field Guide to City Wetlands",
    "清晨是观察水鸟的最佳时间。日出前后两小时，鸟类最为活跃，光线也柔",
    "和，适合拍照。请穿深色或绿色的衣服，保持安静，与鸟群至少相距三十",
    "米，不要使用闪光灯，也不要投喂。",
    "Bring binoculars (8x42 is a good choice), a notebook and some",
    "warm clothes. Write down the date, the weather and the number",
    "of birds before you look up their names at home.",
    "2025 年春季共记录到 137 种鸟类，其中 Black-faced Spoonbill（黑脸",
    "琵鹭）42 只，比 2024 年增加 18%；Common Kingfisher（普通翠鸟）在",
    "三号观察点出现 26 次，多在上午 7:30 以前。",
    "The wooden walkway is open from 6:00 to 18:30. Dogs, drones",
    "and loud music are not allowed. Call 0571-5550 0192 if you find",
    "an injured bird, and do not touch it.",
    "第 12 页",
)


def mixed_page(_: Rng) -> Picture:
    """Page of a handbook, as exported, not photographed."""
    page, ink = Sheet(900, 900, "#ffffff"), "#1c1c1c"
    title, subtitle, *body, foot = PAGE
    page.write(450, 96, title, Style(SERIF_BOLD, 38, ink, 1), "m")
    page.write(450, 146, subtitle, Style(SERIF, 25, "#555555"), "m")
    page.path((90, 174, 810, 174), "#999999")
    text, baseline = Style(SERIF, 22.5, ink), 228.0
    for line in body:
        ends = line.endswith(("。", "."))
        page.write(90, baseline, line, text, width=None if ends else 720)
        baseline += 60 if ends else 41
    page.write(450, 850, foot, Style(SERIF, 20, "#555555"), "m")
    return Picture(develop(page.image), page.lines, page.boxes)


def chart(screen: Sheet, rng: Rng, left: float, top: float, width: float, height: float) -> None:
    """A day of temperature as a curve over a grid."""
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y, x = top + height * share, left + width * share
        screen.path((left, y, left + width, y), "#26384a")
        screen.path((x, top, x, top + height), "#26384a")
    points: list[float] = []
    wander = np.cumsum(rng.standard_normal(97)) * 0.012
    for step, drift in enumerate(wander - np.linspace(0, wander[-1], 97)):
        swing = 0.55 + 0.3 * math.cos(step / 96 * 2 * math.pi - 0.6) + float(drift)
        points += [left + width * step / 96, top + height * swing]
    screen.path(points, "#36c5f0", 2.5)


def dark_screen(rng: Rng) -> Picture:
    """Screen of an air-quality monitor in a plant room."""
    screen = Sheet(1100, 700, "#0d141c")
    white, grey, cyan = "#e8eef4", "#8fa3b5", "#5fd4f5"
    screen.box((0, 0, 1100, 72), "#15212d")
    screen.write(32, 47, "环境监测终端 ENV-300", Style(SANS_BOLD, 29, white))
    screen.write(1068, 46, "2026-03-14 09:26:53", Style(LATIN, 23, grey), "r")
    tiles = (
        ("大气压力", "1013hPa", cyan),
        ("相对湿度", "48.2%", "#63e6a5"),
        ("PM2.5", "135", "#ffb454"),
        ("CO2 浓度", "812ppm", white),
    )
    for count, (_, _, colour) in enumerate(tiles):
        left = 32 + 264 * count
        screen.box((left, 100, left + 244, 240), "#172431", radius=10)
        screen.box((left, 112, left + 5, 228), colour)
    for count, (name, _, _) in enumerate(tiles):
        screen.write(56 + 264 * count, 142, name, Style(SANS, 23, grey))
    for count, (_, value, colour) in enumerate(tiles):
        screen.write(56 + 264 * count, 212, value, Style(SANS_BOLD, 46, colour))
    screen.write(32, 296, "温度曲线 Temperature", Style(SANS, 24, white))
    screen.write(652, 296, "运行日志 System log", Style(SANS, 24, white))
    chart(screen, rng, 32, 322, 580, 260)
    screen.box((652, 318, 1068, 622), "#080d12", "#26384a", 1, 6)
    log = (
        ("09:20:11 sensor bus ready", "#9fe8c0"),
        ("09:20:14 pump started", "#9fe8c0"),
        ("09:21:40 filter check passed", "#9fe8c0"),
        ("09:25:02 PM2.5 above limit", "#ffb454"),
        ("09:25:03 fan speed 1850 rpm", "#9fe8c0"),
        ("09:26:50 report sent", "#9fe8c0"),
    )
    for count, (entry, colour) in enumerate(log):
        screen.write(672, 358 + 47 * count, entry, Style(MONO, 21, colour))
    hours = ("00:00", "06:00", "12:00", "18:00", "24:00")
    for count, hour in enumerate(hours):
        screen.write(32 + 145 * count, 614, hour, Style(LATIN, 18, grey), "lmmmr"[count])
    screen.box((0, 644, 1100, 700), "#3d2a12")
    screen.write(32, 680, "警告：PM2.5 超过限值，请检查新风系统", Style(SANS, 25, "#ffcf87"))
    return Picture(develop(screen.image), screen.lines, screen.boxes)


def low_light(rng: Rng) -> Picture:
    """Sign of a car park at night, by the light of one lamp."""
    scene = surface.plaster(rng, 1000, 720, "#8c8a84", 0.09)
    sign = Sheet(760, 480, "#1f4e8c")
    white = "#f4f6f8"
    sign.box((10, 10, 750, 470), outline=white, width=4, radius=14)
    sign.write(380, 122, "地下停车场出口", Style(SANS_BOLD, 84, white, 4), "m")
    sign.write(380, 186, "PARKING EXIT", Style(LATIN_BOLD, 46, white, 3), "m")
    sign.path((50, 216, 710, 216), white, 2)
    sign.write(56, 284, "限高 2.2m", Style(SANS_BOLD, 48, "#ffd54a"))
    sign.write(704, 284, "限速 5km/h", Style(SANS_BOLD, 48, "#ffd54a"), "r")
    sign.write(380, 356, "请减速慢行，注意行人", Style(SANS, 42, white, 4), "m")
    sign.write(380, 424, "24小时值班电话 0571-5550 0163", Style(SANS, 36, white, 1), "m")
    place = [(136, 96), (884, 132), (872, 598), (124, 604)]
    lay(scene, sign.image, place, (5, 9), 7, 0.6)
    light = lamp((1000, 720), (0.4, 0.05), 0.55, 0.09) * 0.58
    image = expose(develop(scene, 1.1), rng, light, 32, 10)
    return Picture(image, sign.lines, seen(sign, place))


def business_card() -> Sheet:
    """Visiting card of an engineer, right way up."""
    card, ink, blue = Sheet(760, 440, "#fbfaf6"), "#2b2f36", "#17507a"
    card.box((0, 0, 18, 440), blue)
    card.box((640, 52, 712, 124), blue, radius=12)
    card.path((656, 104, 676, 72, 696, 104), "#fbfaf6", 6)
    card.write(60, 92, "远山仪器有限公司", Style(SANS_BOLD, 36, blue, 2))
    card.write(60, 130, "Far Hills Instruments Ltd.", Style(LATIN, 22, ink))
    card.write(60, 228, "陈晓明", Style(SANS_BOLD, 54, ink, 8))
    card.write(270, 228, "高级硬件工程师", Style(SANS, 28, ink))
    card.path((60, 264, 712, 264), "#b9c2ca", 1.5)
    card.write(60, 314, "手机 138-5550-0147", Style(SANS, 26, ink))
    card.write(60, 356, "xiaoming.chen@farhills.example", Style(LATIN, 24, ink))
    card.write(60, 400, "杭州市滨江区科技大道66号3楼", Style(SANS, 26, ink))
    return card


def upside_down(rng: Rng) -> Picture:
    """A visiting card the wrong way round on a desk, a note the right way round."""
    scene = surface.cloth(rng, 1000, 800, "#4a5a5e")
    card = business_card()
    card.turn(180)
    under, over = tilted(480, 270, 760, 440, -1.6), tilted(690, 650, 400, 210, 2.5)
    lay(scene, card.image, under, (3, 5), 6, 0.5)
    note = Sheet(400, 210, "#f6e27f")
    pen = "#2a3f8f"
    note.write(34, 84, "周三 14:30 回电", Style(ZENHEI, 42, pen, 2))
    note.write(34, 158, "带上合同和样品", Style(ZENHEI, 42, pen, 2))
    lay(scene, note.image, over, (4, 8), 9, 0.45)
    light = lamp((1000, 800), (0.7, 0.1), 1.2, 0.4) * 1.05
    image = expose(develop(scene, 0.5), rng, light, 4, 2)
    return Picture(image, card.lines + note.lines, seen(card, under) + seen(note, over))


LABEL = (
    "产品名称：全麦苏打饼干（原味）",
    "净含量：180克",
    "配料：全麦粉、小麦粉、植物油、白砂糖、鸡蛋、食用盐、酵母、麦芽糊精、全脂乳粉、",
    "食用香精、食品添加剂（碳酸氢钠、磷脂）。",
    "致敏物质提示：本品含有麸质谷物、蛋类及乳制品，生产线也加工坚果和大豆制品。",
    "产品标准号：GB/T 20980",
    "食品类别：发酵饼干",
    "贮存条件：请置于阴凉干燥处，避免阳光直射，开封后请尽快食用完毕。",
    "保质期：12个月",
    "生产日期：见包装封口处",
    "Ingredients: whole wheat flour, wheat flour, vegetable oil, sugar, egg, salt,",
    "yeast, maltodextrin, milk powder. Store in a cool and dry place.",
    "制造商：青禾食品（苏州）有限公司",
    "地址：苏州市相城区春申路29号",
    "客服热线：400-555-0188",
)


def small_print(rng: Rng) -> Picture:
    """Back of a biscuit packet as the printer's proof shows it."""
    label, ink = Sheet(720, 400, "#d9a441"), "#3a2a1c"
    label.box((0, 0, 720, 34), "#7a3e1d")
    label.box((0, 366, 720, 400), "#7a3e1d")
    label.box((24, 18, 696, 382), "#fbf7ec", radius=12)
    label.box((32, 26, 688, 374), outline="#b98b4e", width=1, radius=8)
    chinese, latin = Style(SANS, 15, ink), Style(LATIN, 13.5, ink)
    right = ("净含量", "食品类别", "生产日期")
    baseline = 29.0
    for line in LABEL:
        beside = line.startswith(right)
        baseline += 0 if beside else 27
        style = latin if line.isascii() else chinese
        label.write(440 if beside else 50, baseline, line, style)
    bar_code(label, rng, (520, 306, 668, 362), ink)
    return Picture(develop(label.image), label.lines, label.boxes)


def vertical_line(rng: Rng) -> Picture:
    """A book on a table: the title runs down its spine and across its cover."""
    wall = surface.plaster(rng, 1000, 1000, "#c9c3b6", 0.03)
    table = surface.wood(rng, 1000, 260, "#7a5230", plank=400)
    wall.paste(table, (0, 760 * SCALE))
    spine = Sheet(760, 116, "#1c3a36")
    spine.box((34, 8, 42, 108), "#c9a55a")
    spine.box((718, 8, 726, 108), "#c9a55a")
    spine.write(380, 74, "山间手记 Notes from the Hills", Style(SERIF_BOLD, 43, "#f0e3c0"), "m")
    spine.turn(90)
    cover = Sheet(560, 760, "#24504a")
    cover.box((26, 26, 534, 734), outline="#c9a55a", width=3)
    for base, colour in ((0, "#3c6f66"), (60, "#2f5f57"), (120, "#1c3f3a")):
        ridge: list[float] = [28, 600]
        for step in range(11):
            ridge += [28 + 50.4 * step, 500 + base + 45 * float(rng.uniform(-1, 1))]
        ridge += [532, 732, 28, 732]
        cover.draw.polygon([value * SCALE for value in ridge], colour)
    cover.write(280, 216, "山间手记", Style(SERIF_BOLD, 96, "#f0e3c0", 8), "m")
    cover.write(280, 286, "Notes from the Hills", Style(SERIF, 38, "#f0e3c0", 1), "m")
    cover.write(280, 376, "周慕云 著", Style(SERIF, 36, "#e2d6b5", 3), "m")
    cover.write(280, 690, "青石文艺出版社", Style(SERIF, 32, "#f0e3c0", 4), "m")
    front = [(330, 84), (826, 142), (826, 836), (330, 920)]
    side = [(216, 130), (330, 84), (330, 920), (216, 852)]
    lay(wall, cover.image, front, (14, 12), 16, 0.6)
    lay(wall, spine.image, side, (-4, 12), 12, 0.5)
    light = lamp((1000, 1000), (0.75, 0.2), 1.0, 0.45) * 1.08
    image = expose(develop(wall, 0.6), rng, light, 5, 2)
    return Picture(image, spine.lines + cover.lines, seen(spine, side) + seen(cover, front))


def name_plate(rng: Rng) -> Picture:
    """Rating plate riveted to a motor."""
    plate = Sheet.over(surface.metal(rng, 960, 620, "#c3c6c9"))
    ink, lit = "#22262a", "#e9ecee"
    plate.box((16, 16, 944, 604), outline=ink, width=3, radius=18)
    for x, y in ((46, 46), (914, 46), (46, 574), (914, 574)):
        plate.disc(x + 1.5, y + 2, 15, "#77797c")
        plate.disc(x, y, 14, "#a9acaf")
        plate.disc(x - 2, y - 3, 8, "#c9cccf")
    plate.write(480, 84, "三相异步电动机", Style(SANS_BOLD, 48, ink, 6, lit), "m")
    plate.write(480, 126, "THREE-PHASE INDUCTION MOTOR", Style(LATIN_BOLD, 25, ink, 1, lit), "m")
    rows = (
        "Model|YE3-132M-4|Serial No.|20260317-0582",
        "Power|7.5 kW|Voltage|380 V",
        "Current|14.8 A|Frequency|50 Hz",
        "Speed|1440 r/min|Efficiency|90.4%",
        "Protection|IP55|Weight|78 kg",
        "Insulation|Class F|Date|2026-03",
    )
    name, value = Style(LATIN, 24, ink, under=lit), Style(LATIN_BOLD, 26, ink, under=lit)
    for count, row in enumerate(rows):
        y = 150 + 62 * count
        plate.path((46, y, 914, y), ink, 1.5)
        for place, piece in enumerate(row.split("|")):
            plate.write((58, 226, 490, 668)[place], y + 41, piece, value if place % 2 else name)
    plate.path((46, 522, 914, 522), ink, 1.5)
    plate.path((472, 150, 472, 522), ink, 1.5)
    plate.write(480, 568, "远山电机制造有限公司", Style(SANS_BOLD, 30, ink, 3, lit), "m")
    housing = surface.plaster(rng, 1120, 780, "#4f6b62", 0.025)
    sits = [(84, 70), (1040, 96), (1020, 716), (100, 690)]
    lay(housing, plate.image, sits, (3, 5), 5, 0.6)
    light = lamp((1120, 780), (0.6, 0.15), 1.1, 0.5) * 1.06
    image = expose(develop(housing, 0.5), rng, light, 4, 2)
    return Picture(image, plate.lines, seen(plate, sits))


def golden(*lines: str) -> Callable[[Rng], Picture]:
    """Plain lines every deployed reader must get right, if its dictionary can spell them."""

    def draw(_: Rng) -> Picture:
        sheet = Sheet(480, 160, "#ffffff")
        # This face and size: its comma stands in the middle of its square. With the wide gap after
        # Noto's comma, detectors that enlarge small pictures find two lines in the first one.
        text = Style(ZENHEI, 36, "#000000")
        for y, line in zip((66, 124), lines):
            sheet.write(40, y, line, text)
        return Picture(develop(sheet.image), sheet.lines, sheet.boxes)

    return draw


GOLDENS: dict[str, Callable[[Rng], Picture]] = {
    "golden.png": golden("你好，世界", "Paddle-Lite 2026"),
    # Some dictionaries know small letters and digits only, and some no Latin letters at all.
    "letters.png": golden("paddle", "text2026"),
    "digits.png": golden("20261123", "314159"),
}

SCENES: dict[str, Callable[[Rng], Picture]] = {
    "receipt.jpg": receipt,
    "shop_sign.jpg": shop_sign,
    "mixed_page.png": mixed_page,
    "dark_screen.png": dark_screen,
    "low_light.jpg": low_light,
    "upside_down.jpg": upside_down,
    "small_print.png": small_print,
    "vertical_line.jpg": vertical_line,
    "name_plate.jpg": name_plate,
    **GOLDENS,
}
