--- Canvas: a grid of characters on which lines, points and areas are drawn: two by four dots a character (Braille),
--- each character in the colour of what was drawn there last.
---
--- Places are dots, counted from 0 at the top left.
local canvas = {}

local Canvas = {}
Canvas.__index = Canvas

-- The bit of each dot of a Braille pattern, by its row and column.
local bits = {
  [0] = {[0] = 0x01, [1] = 0x08}, {[0] = 0x02, [1] = 0x10}, {[0] = 0x04, [1] = 0x20}, {[0] = 0x40, [1] = 0x80},
}

--- An empty canvas of so many characters.
function canvas.new(columns, rows)
  return setmetatable({columns = columns, rows = rows, dots = {}, colours = {}, signs = {}}, Canvas)
end

--- Sets a dot.
function Canvas:dot(x, y, colour)
  x, y = math.floor(x), math.floor(y)
  if x < 0 or y < 0 or x >= 2 * self.columns or y >= 4 * self.rows then return end
  local cell = y // 4 * self.columns + x // 2
  self.dots[cell] = (self.dots[cell] or 0) | bits[y % 4][x % 2]
  self.colours[cell] = colour
end

-- The part of a line that lies within the canvas (Liang and Barsky); nil when none does.
local function clip(self, x1, y1, x2, y2)
  local from, to, dx, dy = 0, 1, x2 - x1, y2 - y1
  for _, side in ipairs {{-dx, x1}, {dx, 2 * self.columns - 1 - x1}, {-dy, y1}, {dy, 4 * self.rows - 1 - y1}} do
    local slope, room = side[1], side[2]
    if slope == 0 and room < 0 then return nil end
    if slope < 0 then from = math.max(from, room / slope) elseif slope > 0 then to = math.min(to, room / slope) end
  end
  if from > to then return nil end
  return x1 + from * dx, y1 + from * dy, x1 + to * dx, y1 + to * dy
end

--- A straight line. `dash`, where given, says of each dot's number whether it is drawn.
function Canvas:line(x1, y1, x2, y2, colour, dash)
  x1, y1, x2, y2 = clip(self, x1, y1, x2, y2)
  if not x1 then return end
  local steps = math.max(1, math.ceil(math.max(math.abs(x2 - x1), math.abs(y2 - y1))))
  for i = 0, steps do
    local x, y = x1 + (x2 - x1) * i / steps, y1 + (y2 - y1) * i / steps
    if not dash or dash(math.floor(x + y)) then self:dot(x, y, colour) end
  end
end

--- A filled rectangle. `mask`, where given, says of each dot whether it is set.
function Canvas:fill(x1, y1, x2, y2, colour, mask)
  x1, x2 = math.max(0, math.floor(math.min(x1, x2))), math.min(2 * self.columns - 1, math.floor(math.max(x1, x2)))
  y1, y2 = math.max(0, math.floor(math.min(y1, y2))), math.min(4 * self.rows - 1, math.floor(math.max(y1, y2)))
  for x = x1, x2 do
    for y = y1, y2 do
      if not mask or mask(x, y) then self:dot(x, y, colour) end
    end
  end
end

--- A character in place of the dots at a place.
function Canvas:sign(x, y, sign, colour)
  x, y = math.floor(x), math.floor(y)
  if x < 0 or y < 0 or x >= 2 * self.columns or y >= 4 * self.rows then return end
  local cell = y // 4 * self.columns + x // 2
  self.signs[cell], self.colours[cell] = sign, colour
end

--- The characters by rows, from the top; with colour each in its own ("#rrggbb" as ANSI codes).
---@param colour boolean
---@return string[][]
function Canvas:cells(colour)
  local rows = {}
  for r = 0, self.rows - 1 do
    rows[r + 1] = {}
    for c = 0, self.columns - 1 do
      local cell = r * self.columns + c
      local dots = self.dots[cell]
      local sign = self.signs[cell] or dots and utf8.char(0x2800 + dots) or " "
      rows[r + 1][c + 1] = colour and sign ~= " " and canvas.paint(sign, self.colours[cell]) or sign
    end
  end
  return rows
end

--- A text in a colour "#rrggbb". What is nearly black takes the terminal's own: its background may be black, too.
function canvas.paint(text, colour)
  local r, g, b = colour:match "^#(%x%x)(%x%x)(%x%x)$"
  r, g, b = tonumber(r, 16), tonumber(g, 16), tonumber(b, 16)
  if r + g + b < 120 then return text end
  return ("\27[38;2;%d;%d;%dm%s\27[39m"):format(r, g, b, text)
end

return canvas
