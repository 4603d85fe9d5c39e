"""The rows of PaddleOCR's model list of 2020-09-22 (V1.1, and V1.0 in it), as the list has them."""

from __future__ import annotations

HOST = "https://paddleocr.bj.bcebos.com"

#: Name, task, config, size, and the address below the host of every download. A row of V1.0 names a
#: pair of networks, and the recogniser that knows the space beside it: three entries of one name.
ROWS: list[tuple[str, str, str | None, str | None, dict[str, str]]] = [
    (
        "ch_ppocr_mobile_slim_v1.1_det",
        "detection",
        "configs/det/det_mv3_db_v1.1.yml",
        "1.4M",
        {
            "inference": "/20-09-22/mobile-slim/det/ch_ppocr_mobile_v1.1_det_prune_infer.tar",
            "slim": "/20-09-22/mobile/lite/ch_ppocr_mobile_v1.1_det_prune_opt.nb",
        },
    ),
    (
        "ch_ppocr_mobile_v1.1_det",
        "detection",
        "configs/det/det_mv3_db_v1.1.yml",
        "2.6M",
        {
            "inference": "/20-09-22/mobile/det/ch_ppocr_mobile_v1.1_det_infer.tar",
            "trained": "/20-09-22/mobile/det/ch_ppocr_mobile_v1.1_det_train.tar",
        },
    ),
    (
        "ch_ppocr_server_v1.1_det",
        "detection",
        "configs/det/det_r18_vd_db_v1.1.yml",
        "47.2M",
        {
            "inference": "/20-09-22/server/det/ch_ppocr_server_v1.1_det_infer.tar",
            "trained": "/20-09-22/server/det/ch_ppocr_server_v1.1_det_train.tar",
        },
    ),
    (
        "ch_ppocr_mobile_slim_v1.1_rec",
        "recognition",
        "configs/rec/ch_ppocr_v1.1/rec_chinese_lite_train_v1.1.yml",
        "1.6M",
        {
            "inference": "/20-09-22/mobile-slim/rec/ch_ppocr_mobile_v1.1_rec_quant_infer.tar",
            "slim": "/20-09-22/mobile/lite/ch_ppocr_mobile_v1.1_rec_quant_opt.nb",
        },
    ),
    (
        "ch_ppocr_mobile_v1.1_rec",
        "recognition",
        "configs/rec/ch_ppocr_v1.1/rec_chinese_lite_train_v1.1.yml",
        "4.6M",
        {
            "inference": "/20-09-22/mobile/rec/ch_ppocr_mobile_v1.1_rec_infer.tar",
            "trained": "/20-09-22/mobile/rec/ch_ppocr_mobile_v1.1_rec_train.tar",
            "pretrained": "/20-09-22/mobile/rec/ch_ppocr_mobile_v1.1_rec_pre.tar",
        },
    ),
    (
        "ch_ppocr_server_v1.1_rec",
        "recognition",
        "configs/rec/ch_ppocr_v1.1/rec_chinese_common_train_v1.1.yml",
        "105M",
        {
            "inference": "/20-09-22/server/rec/ch_ppocr_server_v1.1_rec_infer.tar",
            "trained": "/20-09-22/server/rec/ch_ppocr_server_v1.1_rec_train.tar",
            "pretrained": "/20-09-22/server/rec/ch_ppocr_server_v1.1_rec_pre.tar",
        },
    ),
    (
        "en_ppocr_mobile_slim_v1.1_rec",
        "recognition",
        "configs/rec/multi_languages/rec_en_lite_train.yml",
        "0.9M",
        {
            "inference": "/20-09-22/mobile-slim/en/en_ppocr_mobile_v1.1_rec_quant_infer.tar",
            "slim": "/20-09-22/mobile-slim/en/en_ppocr_mobile_v1.1_rec_quant_opt.nb",
        },
    ),
    (
        "en_ppocr_mobile_v1.1_rec",
        "recognition",
        "configs/rec/multi_languages/rec_en_lite_train.yml",
        "2.0M",
        {
            "inference": "/20-09-22/mobile/en/en_ppocr_mobile_v1.1_rec_infer.tar",
            "trained": "/20-09-22/mobile/en/en_ppocr_mobile_v1.1_rec_train.tar",
        },
    ),
    (
        "french_ppocr_mobile_v1.1_rec",
        "recognition",
        "configs/rec/multi_languages/rec_french_lite_train.yml",
        "2.1M",
        {
            "inference": "/20-09-22/mobile/fr/french_ppocr_mobile_v1.1_rec_infer.tar",
            "trained": "/20-09-22/mobile/fr/french_ppocr_mobile_v1.1_rec_train.tar",
        },
    ),
    (
        "german_ppocr_mobile_v1.1_rec",
        "recognition",
        "configs/rec/multi_languages/rec_ger_lite_train.yml",
        "2.1M",
        {
            "inference": "/20-09-22/mobile/ge/german_ppocr_mobile_v1.1_rec_infer.tar",
            "trained": "/20-09-22/mobile/ge/german_ppocr_mobile_v1.1_rec_train.tar",
        },
    ),
    (
        "korean_ppocr_mobile_v1.1_rec",
        "recognition",
        "configs/rec/multi_languages/rec_korean_lite_train.yml",
        "3.4M",
        {
            "inference": "/20-09-22/mobile/kr/korean_ppocr_mobile_v1.1_rec_infer.tar",
            "trained": "/20-09-22/mobile/kr/korean_ppocr_mobile_v1.1_rec_train.tar",
        },
    ),
    (
        "japan_ppocr_mobile_v1.1_rec",
        "recognition",
        "configs/rec/multi_languages/rec_japan_lite_train.yml",
        "3.7M",
        {
            "inference": "/20-09-22/mobile/jp/japan_ppocr_mobile_v1.1_rec_infer.tar",
            "trained": "/20-09-22/mobile/jp/japan_ppocr_mobile_v1.1_rec_train.tar",
        },
    ),
    (
        "ch_ppocr_mobile_v1.1_cls_quant",
        "classification",
        "configs/cls/cls_mv3.yml",
        "0.5M",
        {
            "inference": "/20-09-22/cls/ch_ppocr_mobile_v1.1_cls_quant_infer.tar",
            "trained": "/20-09-22/cls/ch_ppocr_mobile_v1.1_cls_quant_train.tar",
            "slim": "/20-09-22/mobile/lite/ch_ppocr_mobile_v1.1_cls_quant_opt.nb",
        },
    ),
    (
        "ch_ppocr_mobile_v1.1_cls",
        "classification",
        "configs/cls/cls_mv3.yml",
        "850kb",
        {
            "inference": "/20-09-22/cls/ch_ppocr_mobile_v1.1_cls_infer.tar",
            "trained": "/20-09-22/cls/ch_ppocr_mobile_v1.1_cls_train.tar",
        },
    ),
    (
        "chinese_db_crnn_mobile",
        "detection",
        None,
        None,
        {
            "inference": "/ch_models/ch_det_mv3_db_infer.tar",
            "trained": "/ch_models/ch_det_mv3_db.tar",
        },
    ),
    (
        "chinese_db_crnn_mobile",
        "recognition",
        None,
        None,
        {
            "inference": "/ch_models/ch_rec_mv3_crnn_infer.tar",
            "trained": "/ch_models/ch_rec_mv3_crnn.tar",
        },
    ),
    (
        "chinese_db_crnn_mobile",
        "recognition",
        None,
        None,
        {
            "inference": "/ch_models/ch_rec_mv3_crnn_enhance_infer.tar",
            "trained": "/ch_models/ch_rec_mv3_crnn_enhance.tar",
        },
    ),
    (
        "chinese_db_crnn_server",
        "detection",
        None,
        None,
        {
            "inference": "/ch_models/ch_det_r50_vd_db_infer.tar",
            "trained": "/ch_models/ch_det_r50_vd_db.tar",
        },
    ),
    (
        "chinese_db_crnn_server",
        "recognition",
        None,
        None,
        {
            "inference": "/ch_models/ch_rec_r34_vd_crnn_infer.tar",
            "trained": "/ch_models/ch_rec_r34_vd_crnn.tar",
        },
    ),
    (
        "chinese_db_crnn_server",
        "recognition",
        None,
        None,
        {
            "inference": "/ch_models/ch_rec_r34_vd_crnn_enhance_infer.tar",
            "trained": "/ch_models/ch_rec_r34_vd_crnn_enhance.tar",
        },
    ),
]
