--- Measures: what a training notes of each epoch, one row each, in the order in which they are said.
---
--- name: in the history. better: the good direction; without it a measure cannot be watched (option `monitor`).
--- needs: the part that it is measured on, where that may be missing. of: its name in what evaluate gives of that part.
--- tag: where TensorBoard shows it; what stands before the slash is drawn together. shown: in the line of each epoch
--- and in the curves; curve: in these alone. task: the only one that has it. words: what the curves call it; cut_words:
--- the same where tracks are cut into segments. Accuracies are of whole tracks, those of segments say so; the training's
--- are counted as it goes, with augmentation and while the weights change.
local measures = {by_name = {}}

measures.rows = {
  {name = "loss", better = "lower", tag = "loss/train", shown = true, cut_words = "loss by segment"},
  {name = "accuracy", better = "higher", tag = "accuracy/train", shown = true, cut_words = "accuracy by track"},
  {name = "segment_accuracy", better = "higher", tag = "accuracy/train_segments", curve = true,
    words = "accuracy by segment"},
  {name = "valid_loss", better = "lower", needs = "valid", of = "loss", tag = "loss/valid", shown = true},
  {name = "valid_accuracy", better = "higher", needs = "valid", of = "accuracy", tag = "accuracy/valid", shown = true},
  {name = "valid_segment_accuracy", better = "higher", needs = "valid", of = "segment_accuracy",
    tag = "accuracy/valid_segments", curve = true},
  {name = "valid_balanced_accuracy", better = "higher", needs = "valid", of = "balanced_accuracy",
    tag = "accuracy/valid_balanced"},
  {name = "valid_map", better = "higher", needs = "valid", of = "map", task = "tags", tag = "map/valid", shown = true,
    words = "mean average precision"},
  {name = "valid_auc", better = "higher", needs = "valid", of = "auc", task = "tags", tag = "auc/valid", shown = true,
    words = "ROC AUC"},
  {name = "valid_r2", better = "higher", needs = "valid", of = "r2", task = "values", tag = "r2/valid", shown = true,
    words = "R²"},
  {name = "valid_ccc", better = "higher", needs = "valid", of = "ccc", task = "values", tag = "ccc/valid",
    shown = true, words = "concordance"},
  {name = "valid_rmse", better = "lower", needs = "valid", of = "rmse", task = "values", tag = "rmse/valid",
    words = "RMSE"},
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
