--- Path: the sequence of states that fits best in sum, when every change of state costs the same.
---     local states = path({{0.9, 0.1}, {0.4, 0.6}, {0.9, 0.1}}, 0.5)     -- 1, 1, 1
---@param rows number[][]  for each frame how well each state fits, such as a logarithm of its probability
---@param cost number  of a change
---@return integer[]  a state for each frame, from 1
return function(rows, cost)
  local from, states = {}, #(rows[1] or {})
  local function best_of(score)
    local best = 1
    for k = 2, states do if score[k] > score[best] then best = k end end
    return best
  end
  local score = rows[1]
  for t = 2, #rows do
    local best, row, now, came = best_of(score), rows[t], {}, {}
    local change = score[best] - cost
    for k = 1, states do
      local stays = score[k] >= change
      came[k] = stays and k or best
      now[k] = (stays and score[k] or change) + row[k]
    end
    from[t], score = came, now
  end
  local path = {}
  if #rows > 0 then path[#rows] = best_of(score) end
  for t = #rows, 2, -1 do path[t - 1] = from[t][path[t]] end
  return path
end
