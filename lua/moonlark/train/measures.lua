--- Measures: what a training notes of each epoch, one row each, in the order in which they are said.
---
--- name: in the history. better: the good direction; without it a measure cannot be watched (option `monitor`).
--- needs: the part that it is measured on, where that may be missing. of: its name in what evaluate gives of that part.
--- tag: where TensorBoard shows it; what stands before the slash is drawn together. shown: in the line of each epoch
--- and in the curves. task: the only one that has it.
local measures = {by_name = {}}

measures.rows = {
  {name = "loss", better = "lower", tag = "loss/train", shown = true},
  {name = "accuracy", better = "higher", tag = "accuracy/train", shown = true},
  {name = "valid_loss", better = "lower", needs = "valid", of = "loss", tag = "loss/valid", shown = true},
  {name = "valid_accuracy", better = "higher", needs = "valid", of = "accuracy", tag = "accuracy/valid", shown = true},
  {name = "valid_segment_accuracy", better = "higher", needs = "valid", of = "segment_accuracy",
    tag = "accuracy/valid_segments"},
  {name = "valid_balanced_accuracy", better = "higher", needs = "valid", of = "balanced_accuracy",
    tag = "accuracy/valid_balanced"},
  {name = "valid_map", better = "higher", needs = "valid", of = "map", task = "tags", tag = "map/valid", shown = true},
  {name = "valid_auc", better = "higher", needs = "valid", of = "auc", task = "tags", tag = "auc/valid", shown = true},
  {name = "valid_r2", better = "higher", needs = "valid", of = "r2", task = "values", tag = "r2/valid", shown = true},
  {name = "valid_ccc", better = "higher", needs = "valid", of = "ccc", task = "values", tag = "ccc/valid",
    shown = true},
  {name = "valid_rmse", better = "lower", needs = "valid", of = "rmse", task = "values", tag = "rmse/valid"},
  {name = "lr", tag = "lr"},
  {name = "seconds", tag = "seconds"},
}

--- The names of those that can be watched: values of the option `monitor`.
measures.watched = {}

for _, row in ipairs(measures.rows) do
  measures.by_name[row.name] = row
  if row.better then table.insert(measures.watched, row.name) end
end

--- The measures of the validation by name, from what train.evaluate gave.
function measures.of(found)
  local row = {}
  for _, measure in ipairs(measures.rows) do
    if measure.of and (not measure.task or measure.task == found.task) then row[measure.name] = found[measure.of] end
  end
  return row
end

return measures
