--- scikit-learn's names and ours: {what one writes there, what one writes here, a word where they differ}.
return {
  title = "For people who come from scikit-learn", peer = "scikit-learn",
  about = {
    "Models have `fit`, `predict`, `predict_proba` and the hyperparameters' names of scikit-learn. They take what "
      .. "`dataset:extract` gives (rows, classes and what they are called, together), or plain tensors.",
    "Validation is by songs, or by groups such as artists: `cross_validate` fits every step inside the fold, and warns where "
      .. "the same recording stands on both sides.",
  },
  groups = {
    {"Models of classes", {
      {"make_pipeline(StandardScaler(), SVC())", "classify.pipeline classify.scaler classify.svm"},
      {"LogisticRegression", "classify.logistic"}, {"KNeighborsClassifier", "classify.knn"},
      {"RandomForestClassifier", "classify.random_forest"},
      {"HistGradientBoostingClassifier", "classify.boosted_trees"},
      {"GaussianNB", "classify.naive_bayes"},
      {"LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis", "classify.lda classify.qda"},
      {"OneVsRestClassifier", "classify.one_vs_rest"},
      {"joblib.dump, load", "classify.load", "model:save; data, never code"},
    }},
    {"Models of values", {
      {"Ridge, SVR, KNeighborsRegressor", "regress.ridge regress.svr regress.knn"},
      {"RandomForestRegressor", "regress.random_forest regress.boosted_trees"},
      {"MultiOutputRegressor", "regress.multi_output"},
      {"TransformedTargetRegressor(…, StandardScaler())", "regress.standardized"},
    }},
    {"Clusters and maps", {
      {"KMeans", "cluster.kmeans"}, {"GaussianMixture", "cluster.gmm"},
      {"AgglomerativeClustering", "cluster.agglomerative plot.dendrogram"},
      {"SpectralClustering", "cluster.spectral"}, {"DBSCAN, HDBSCAN", "cluster.dbscan cluster.hdbscan"},
      {"PCA, NMF", "cluster.pca cluster.nmf"}, {"TSNE, umap.UMAP", "cluster.tsne cluster.umap plot.embedding"},
      {"choosing the number of clusters", "cluster.choose"},
      {"NearestNeighbors", "cluster.neighbors"},
    }},
    {"Selection", {
      {"cross_validate", "classify.cross_validate"}, {"train_test_split", "classify.hold_out Dataset:split"},
      {"GridSearchCV, RandomizedSearchCV", "classify.grid_search classify.random_search"},
      {"nested cross-validation", "classify.nested_cross_validate"},
      {"learning_curve", "classify.learning_curve plot.learning_curve"},
      {"permutation_importance", "classify.importance plot.importance"},
      {"comparing two models", "classify.compare", "paired tests"},
    }},
    {"Metrics", {
      {"accuracy_score, balanced_accuracy_score", "metrics.accuracy metrics.balanced_accuracy"},
      {"precision_recall_fscore_support", "metrics.precision_recall_f1"},
      {"classification_report", "metrics.report"},
      {"confusion_matrix, ConfusionMatrixDisplay", "metrics.confusion plot.confusion"},
      {"roc_auc_score, roc_curve", "metrics.roc_auc metrics.roc_curve plot.roc"},
      {"average_precision_score", "metrics.average_precision plot.precision_recall"},
      {"calibration_curve, brier_score_loss", "metrics.calibration_curve metrics.brier plot.calibration"},
      {"adjusted_rand_score, adjusted_mutual_info_score", "metrics.ari metrics.ami"},
      {"v_measure_score, normalized_mutual_info_score", "metrics.v_measure metrics.nmi"},
      {"silhouette_score, silhouette_samples", "metrics.silhouette metrics.silhouette_samples"},
      {"davies_bouldin_score, calinski_harabasz_score", "metrics.davies_bouldin metrics.calinski_harabasz"},
      {"r2_score, mean_absolute_error", "metrics.r2 metrics.mae metrics.rmse"},
      {"mir_eval.beat, key, chord …", "metrics.beat.f_measure metrics.key.evaluate metrics.chord.evaluate metrics.segment.evaluate", "and what lies beside them"},
    }},
  },
}
